//! Words by which a control says that it agrees, and by which a text speaks of a policy. The words come from the caller.

/// The words, in lower case.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// On a control: it agrees.
    pub agree: Vec<String>,
    /// On a control: it does not, whatever else it says.
    pub decline: Vec<String>,
    /// On a control: it goes on. It agrees if the text around says so.
    pub proceed: Vec<String>,
    /// In a text: it speaks of a policy or of personal information.
    pub policy: Vec<String>,
}

/// What a control says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It agrees.
    Agree,
    /// It may be the one that agrees.
    Unclear,
    /// Something else.
    Other,
}

impl Lexicon {
    /// What a control with this label, among these other texts, says. Texts come in all languages of the app.
    pub fn judge(&self, label: &[String], around: &[String]) -> Says {
        let label: Vec<String> = label.iter().map(|text| text.to_lowercase()).collect();
        let around: Vec<String> = around.iter().map(|text| text.to_lowercase()).collect();
        let policy = around.iter().any(|text| holds(text, &self.policy));
        if label.is_empty() {
            return if policy { Says::Unclear } else { Says::Other };
        }
        if label.iter().any(|text| holds(text, &self.decline)) {
            return Says::Other;
        }
        // A sentence that says which button agrees is not that button.
        if label.iter().any(|text| quotes(text, &self.agree)) {
            return Says::Other;
        }
        let of_policy = label.iter().any(|text| holds(text, &self.policy));
        if label.iter().any(|text| holds(text, &self.agree)) {
            return if policy || of_policy || around.is_empty() {
                Says::Agree
            } else {
                Says::Other
            };
        }
        let goes_on = label.iter().any(|text| self.proceed.contains(text));
        let by_this = |text: &String| {
            label.iter().any(|own| text.contains(own.as_str()))
                && holds(text, &self.agree)
                && holds(text, &self.policy)
                && holds_sentence(text)
        };
        if goes_on && around.iter().any(by_this) {
            return Says::Agree;
        }
        Says::Other
    }
}

/// Whether a text holds one of the words between quotation marks.
fn quotes(text: &str, words: &[String]) -> bool {
    const MARKS: [(char, char); 6] = [
        ('“', '”'),
        ('「', '」'),
        ('『', '』'),
        ('【', '】'),
        ('"', '"'),
        ('‘', '’'),
    ];
    MARKS.iter().any(|&(open, close)| {
        text.match_indices(open).any(|(at, _)| {
            let rest = &text[at + open.len_utf8()..];
            rest.find(close)
                .is_some_and(|end| at > 0 && holds(&rest[..end], words))
        })
    })
}

/// Words that tie pressing a button to agreeing.
fn holds_sentence(text: &str) -> bool {
    const TIES: [&str; 8] = [
        "点击", "点選", "點擊", "按下", "tap", "click", "press", "by ",
    ];
    TIES.iter().any(|tie| text.contains(tie))
}

/// Whether a text holds one of the words; Latin ones only as whole words.
fn holds(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| {
        if !word.is_ascii() {
            return text.contains(word.as_str());
        }
        text.match_indices(word.as_str()).any(|(at, _)| {
            let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            !letter(text[..at].chars().next_back())
                && !letter(text[at + word.len()..].chars().next())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        Lexicon {
            agree: words(&["agree", "同意"]),
            decline: words(&["disagree", "不同意"]),
            proceed: words(&["ok", "继续"]),
            policy: words(&["privacy", "隐私"]),
        }
    }

    fn judge(label: &str, around: &str) -> Says {
        lexicon().judge(&[label.to_owned()], &[around.to_owned()])
    }

    #[test]
    fn labels() {
        assert_eq!(judge("同意并继续", "《隐私政策》"), Says::Agree);
        assert_eq!(judge("不同意", "《隐私政策》"), Says::Other);
        assert_eq!(judge("Disagree", "Privacy policy"), Says::Other);
        assert_eq!(judge("Agree", "Version 2 is there"), Says::Other);
        assert_eq!(judge("OK", "Privacy policy"), Says::Other);
        assert_eq!(
            judge("OK", "By tapping OK you agree to the privacy policy"),
            Says::Agree
        );
        assert_eq!(judge("点击“同意”即表示接受隐私政策", "隐私"), Says::Other);
        assert_eq!(judge("“同意”", "隐私"), Says::Agree);
        assert_eq!(lexicon().judge(&[], &["隐私".to_owned()]), Says::Unclear);
    }
}
