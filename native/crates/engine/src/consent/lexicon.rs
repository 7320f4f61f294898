//! Words by which a control says that it agrees, and by which a text speaks of a policy. The words come from the caller.

use std::rc::Rc;

/// The words, in lower case.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// On a control: it agrees.
    pub agree: Vec<String>,
    /// On a control: it does not, whatever else it says.
    pub decline: Vec<String>,
    /// On a control: it goes on. It agrees if the text around says so.
    pub proceed: Vec<String>,
    /// On a control beside words that agree: they say nothing else.
    pub beside: Vec<String>,
    /// On a control beside words that agree: what it says may be the opposite.
    pub negation: Vec<String>,
    /// In a text: it speaks of a policy or of personal information.
    pub policy: Vec<String>,
    /// In a text: it names a document of that kind.
    pub document: Vec<String>,
    /// In a text: it asks for a permission of the system.
    pub permission: Vec<String>,
    /// In a text: it says what pressing something means.
    pub tie: Vec<String>,
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

/// What a control is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is ticked.
    Box,
    /// It is pressed.
    Button,
    /// A text or another view that can be pressed: a button, or a link.
    Text,
}

/// What a text says if it stands on a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    /// That it does not agree, or which other control does.
    Declines,
    /// To agree, and nothing else.
    Agrees,
    /// To agree to a policy that it names.
    AgreesTo,
    /// What something else means for a policy that it names.
    States,
    /// To agree to something.
    Doubtful,
    /// To go on.
    Proceeds,
    /// Something else.
    Other,
}

/// A text and what it says.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The text.
    pub text: String,
    lower: String,
    label: Label,
    policy: bool,
    document: bool,
    permission: bool,
    /// That pressing something agrees to a policy.
    binds: bool,
}

/// One text that a control may show, in all languages.
#[derive(Debug, Clone)]
pub struct Group {
    /// The text.
    pub texts: Vec<Rc<Reading>>,
    /// Whether it stands in a layout, and code shows another one.
    pub replaced: bool,
}

/// What stands around a control.
#[derive(Debug, Clone, Default)]
pub struct Around {
    any: bool,
    policy: bool,
    document: bool,
    permission: bool,
    binding: Vec<Rc<Reading>>,
}

impl Around {
    /// Adds texts, but for those of the control itself.
    pub fn add(&mut self, texts: &[Rc<Reading>], own: &[Rc<Reading>]) {
        for text in texts {
            if own.iter().any(|own| own.text == text.text) {
                continue;
            }
            self.any = true;
            self.policy |= text.policy;
            self.document |= text.document;
            self.permission |= text.permission;
            if text.binds {
                self.binding.push(text.clone());
            }
        }
    }

    /// What a control says that agrees, and does not say to what.
    fn to_what(&self) -> Says {
        if !self.policy {
            // Of what nothing is known it cannot be told.
            return if self.any { Says::Other } else { Says::Unclear };
        }
        // Why a permission is asked for is no policy, though it may speak of personal information.
        if self.permission && !self.document {
            return Says::Unclear;
        }
        Says::Agree
    }
}

impl Lexicon {
    /// What a text says.
    pub fn read(&self, text: &str) -> Reading {
        let lower = text.to_lowercase();
        let policy = holds(&lower, &self.policy);
        let document = holds(&lower, &self.document);
        let agrees = holds(&lower, &self.agree);
        let ties = holds(&lower, &self.tie);
        Reading {
            text: text.to_owned(),
            label: self.label(&lower, agrees, policy || document, ties),
            policy: policy || document,
            document,
            permission: holds(&lower, &self.permission),
            binds: agrees && ties && (policy || document),
            lower,
        }
    }

    fn label(&self, text: &str, agrees: bool, policy: bool, ties: bool) -> Label {
        if holds(text, &self.decline) || quotes(text, &self.agree) {
            return Label::Declines;
        }
        if !agrees {
            let goes_on = self.proceed.iter().any(|word| word == text.trim());
            return if goes_on {
                Label::Proceeds
            } else {
                Label::Other
            };
        }
        let plain = without_names(text);
        if holds(&plain, &self.negation) {
            return Label::Doubtful;
        }
        let mut rest = vec![&self.agree, &self.beside, &self.proceed];
        if !policy {
            return match left(&plain, &rest) {
                ..=ALMOST_NOTHING => Label::Agrees,
                _ => Label::Doubtful,
            };
        }
        rest.extend([&self.policy, &self.document]);
        match left(&plain, &rest) {
            _ if ties => Label::States,
            ..=LITTLE => Label::AgreesTo,
            _ => Label::Doubtful,
        }
    }

    /// What a text says of which the start is not known: that may turn it around.
    pub fn read_end(&self, text: &str) -> Reading {
        let mut reading = self.read(text);
        if matches!(
            reading.label,
            Label::Agrees | Label::AgreesTo | Label::States
        ) {
            reading.label = Label::Doubtful;
        }
        reading
    }

    /// What a control with these texts, among these others, says.
    pub fn judge(&self, groups: &[Group], kind: Kind, around: &Around) -> Says {
        let (replaced, shown): (Vec<&Group>, Vec<&Group>) =
            groups.iter().partition(|group| group.replaced);
        if shown.is_empty() {
            return if around.policy {
                Says::Unclear
            } else {
                Says::Other
            };
        }
        let declines = |group: &&Group| group.texts.iter().any(|one| one.label == Label::Declines);
        if shown.iter().any(declines) {
            return Says::Other;
        }
        let mut all = shown.iter().map(|group| judge_group(group, kind, around));
        let first = all.next().unwrap_or(Says::Other);
        let same = all.all(|says| says == first);
        // What stood there before code set another text, but for what any button may say.
        let other = replaced.iter().any(|group| {
            group.texts.iter().all(|one| one.label != Label::Proceeds)
                && judge_group(group, kind, around) == Says::Other
        });
        match first {
            Says::Agree if !same || other => Says::Unclear,
            _ if !same => Says::Unclear,
            first => first,
        }
    }
}

fn judge_group(group: &Group, kind: Kind, around: &Around) -> Says {
    let any = |label: Label| group.texts.iter().any(|one| one.label == label);
    if any(Label::Declines) {
        return Says::Other;
    }
    if any(Label::AgreesTo) || any(Label::States) && kind == Kind::Box {
        // A text that names a policy may be the link to it.
        return if kind == Kind::Text {
            Says::Unclear
        } else {
            Says::Agree
        };
    }
    if any(Label::Agrees) {
        return around.to_what();
    }
    if any(Label::States) {
        return if kind == Kind::Text {
            Says::Other
        } else {
            Says::Unclear
        };
    }
    if any(Label::Doubtful) {
        return if around.policy || group.texts.iter().any(|one| one.policy) {
            Says::Unclear
        } else {
            Says::Other
        };
    }
    let by_this = |one: &Rc<Reading>| {
        one.label == Label::Proceeds
            && around
                .binding
                .iter()
                .any(|text| holds_word(&text.lower, one.lower.trim()))
    };
    if group.texts.iter().any(by_this) {
        return Says::Agree;
    }
    Says::Other
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

/// What may be left of a label that says nothing but to agree: seconds that are counted down, say.
const ALMOST_NOTHING: usize = 2;
/// What may be left of a label that names a policy: the name of the app, say.
const LITTLE: usize = 15;

/// How much a text says beside these words: letters, where a Chinese one counts as three.
fn left(text: &str, lists: &[&Vec<String>]) -> usize {
    let mut left = 0;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let words = lists.iter().flat_map(|list| list.iter());
        let here =
            words.filter(|word| text[at..].starts_with(word.as_str()) && is_word(text, at, word));
        if let Some(longest) = here.map(String::len).max() {
            at += longest;
            continue;
        }
        if letter.is_alphabetic() {
            left += if letter.is_ascii() {
                1
            } else {
                letter.len_utf8()
            };
        }
        at += letter.len_utf8();
    }
    left
}

/// A text without names in angle brackets; a blank stands for each, so that words beside it stay words.
fn without_names(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name)) = rest.split_once('《')
        && let Some((_, behind)) = name.split_once('》')
    {
        out.push_str(before);
        out.push(' ');
        rest = behind;
    }
    out + rest
}

/// Whether what stands at a place in a text is a word: Latin ones have no letter beside them.
fn is_word(text: &str, at: usize, word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    !word.is_ascii()
        || !letter(text[..at].chars().next_back())
            && !letter(text[at + word.len()..].chars().next())
}

fn holds_word(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text
            .match_indices(word)
            .any(|(at, _)| is_word(text, at, word))
}

/// Whether a text holds one of the words.
fn holds(text: &str, words: &[String]) -> bool {
    words.iter().any(|word| holds_word(text, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> Lexicon {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        Lexicon {
            agree: words(&["agree", "accept", "同意", "接受"]),
            decline: words(&["disagree", "不同意"]),
            proceed: words(&["ok", "继续", "登录"]),
            beside: words(&["i", "to", "the", "并", "我", "已", "阅读", "和"]),
            negation: words(&["不", "not", "won't"]),
            policy: words(&["privacy", "隐私", "个人信息"]),
            document: words(&["policy", "政策", "协议"]),
            permission: words(&["权限"]),
            tie: words(&["点击", "即表示", "by", "tapping"]),
        }
    }

    fn judge(label: &str, around: &str, kind: Kind) -> Says {
        let lexicon = lexicon();
        let group = Group {
            texts: vec![Rc::new(lexicon.read(label))],
            replaced: false,
        };
        let mut others = Around::default();
        others.add(&[Rc::new(lexicon.read(around))], &[]);
        lexicon.judge(&[group], kind, &others)
    }

    #[test]
    fn a_negation_leaves_it_open() {
        assert_eq!(button("同意《隐私政策》", "隐私政策"), Says::Agree);
        assert_eq!(button("不必同意《隐私政策》", "隐私政策"), Says::Unclear);
        assert_eq!(button("同意《不打扰政策》", "隐私政策"), Says::Agree);
        assert_eq!(
            button("I won't accept the policy", "privacy"),
            Says::Unclear
        );
        let lexicon = lexicon();
        assert_eq!(lexicon.read("同意").label, Label::Agrees);
        assert_eq!(lexicon.read_end("同意").label, Label::Doubtful);
    }

    fn button(label: &str, around: &str) -> Says {
        judge(label, around, Kind::Button)
    }

    #[test]
    fn labels() {
        assert_eq!(button("同意并继续", "《隐私政策》"), Says::Agree);
        assert_eq!(button("同意(5s)", "《隐私政策》"), Says::Agree);
        assert_eq!(button("不同意", "《隐私政策》"), Says::Other);
        assert_eq!(button("Disagree", "Privacy policy"), Says::Other);
        assert_eq!(button("Agree", "Version 2 is there"), Says::Other);
        assert_eq!(button("OK", "Privacy policy"), Says::Other);
        let text = "By tapping OK you agree to the privacy policy";
        assert_eq!(button("OK", text), Says::Agree);
        assert_eq!(button("点击“同意”即表示接受隐私政策", "隐私"), Says::Other);
        assert_eq!(button("“同意”", "隐私"), Says::Agree);
        let silent = Around {
            policy: true,
            ..Around::default()
        };
        assert_eq!(lexicon().judge(&[], Kind::Button, &silent), Says::Unclear);
    }

    #[test]
    fn what_is_agreed_to() {
        assert_eq!(button("接受任务", "隐私设置"), Says::Unclear);
        assert_eq!(button("接受任务", "任务"), Says::Other);
        assert_eq!(button("Accept call", "Privacy"), Says::Unclear);
        assert_eq!(button("同意", "需要权限，保护您的个人信息"), Says::Unclear);
        assert_eq!(button("同意", "需要权限，见隐私政策"), Says::Agree);
        let text = "Book a table in shops nearby that accept cards, see our privacy policy";
        assert_eq!(button("OK", text), Says::Other);
        let link = "登录即表示同意《用户协议》和《隐私政策》";
        assert_eq!(judge(link, "", Kind::Text), Says::Other);
        assert_eq!(judge(link, "", Kind::Box), Says::Agree);
        let named = "我已阅读并同意《隐私政策》";
        assert_eq!(judge(named, "", Kind::Text), Says::Unclear);
        assert_eq!(judge(named, "", Kind::Box), Says::Agree);
    }

    #[test]
    fn texts_that_take_turns() {
        let lexicon = lexicon();
        let group = |text: &str, replaced: bool| Group {
            texts: vec![Rc::new(lexicon.read(text))],
            replaced,
        };
        let mut around = Around::default();
        around.add(&[Rc::new(lexicon.read("隐私政策"))], &[]);
        let judge = |groups: &[Group]| lexicon.judge(groups, Kind::Button, &around);
        assert_eq!(
            judge(&[group("同意", false), group("刷新", false)]),
            Says::Unclear
        );
        assert_eq!(
            judge(&[group("同意", false), group("不同意", false)]),
            Says::Other
        );
        assert_eq!(
            judge(&[group("同意", false), group("刷新", true)]),
            Says::Unclear
        );
        assert_eq!(
            judge(&[group("同意", false), group("OK", true)]),
            Says::Agree
        );
    }
}
