//! The table of what calls of the platform make run (`rules.txt`).

use std::collections::HashMap;

static TABLE: &str = include_str!("rules.txt");

/// What a call of the platform makes run. The words of `rules.txt`, which explains them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Action {
    Arguments,
    Receiver,
    Keep,
    Start,
    Event,
    Button,
    Message,
    Nothing,
}

impl Action {
    fn named(name: &str) -> Option<Action> {
        Some(match name {
            "arguments" => Action::Arguments,
            "receiver" => Action::Receiver,
            "keep" => Action::Keep,
            "start" => Action::Start,
            "event" => Action::Event,
            "button" => Action::Button,
            "message" => Action::Message,
            "nothing" => Action::Nothing,
            _ => return None,
        })
    }
}

/// One row: pattern of the class, pattern of the method, action.
pub type Rule = (&'static str, &'static str, Action);

/// All rows, in order.
pub fn rules() -> Vec<Rule> {
    let rows = TABLE.lines().filter(|row| row.starts_with('L'));
    let rule = |row: &'static str| {
        let mut words = row.split(' ');
        let (class, method) = (words.next()?, words.next()?);
        Some((class, method, Action::named(words.next()?)?))
    };
    rows.filter_map(rule).collect()
}

/// Finds the rule of a call.
pub struct Rules {
    exact: HashMap<&'static str, Vec<Rule>>,
    prefixes: Vec<Rule>,
}

impl Default for Rules {
    fn default() -> Self {
        let mut out = Rules {
            exact: HashMap::new(),
            prefixes: Vec::new(),
        };
        for rule in rules() {
            if rule.0.ends_with(';') && !rule.0.contains('*') {
                out.exact.entry(rule.0).or_default().push(rule);
            } else {
                out.prefixes.push(rule);
            }
        }
        out
    }
}

impl Rules {
    /// The action of a method, given the class it is called on and the classes above that one, nearest first.
    pub fn action(&self, classes: &[&str], method: &str) -> Option<Action> {
        for &class in classes {
            let rows = self.exact.get(class).into_iter().flatten();
            if let Some(rule) = rows.into_iter().find(|rule| fits(rule.1, method)) {
                return Some(rule.2);
            }
        }
        let class = classes.first()?;
        let found = self.prefixes.iter().find(|rule| {
            let of_class = if rule.0.ends_with('/') {
                class.starts_with(rule.0)
            } else {
                fits(rule.0, class)
            };
            of_class && fits(rule.1, method)
        });
        found.map(|rule| rule.2)
    }
}

/// Whether a text has the form of a pattern in which `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && {
                match end.split_once('*') {
                    None => text.ends_with(end),
                    Some((middle, last)) => {
                        let rest = &text[start.len()..];
                        rest.find(middle)
                            .is_some_and(|at| rest[at + middle.len()..].ends_with(last))
                    }
                }
            }
        }
    }
}

/// Methods of the platform that run because the user does something.
static USER_METHODS: &[&str] = &[
    "dispatchKeyEvent",
    "dispatchTouchEvent",
    "onActionItemClicked",
    "onActivityResult",
    "onBackPressed",
    "onCheckedChanged",
    "onChildClick",
    "onClick",
    "onContextItemSelected",
    "onContextClick",
    "onDateSet",
    "onDoubleTap",
    "onDrag",
    "onEditorAction",
    "onFling",
    "onGenericMotionEvent",
    "onGroupClick",
    "onInterceptTouchEvent",
    "onItemClick",
    "onItemLongClick",
    "onItemSelected",
    "onKey",
    "onKeyDown",
    "onKeyUp",
    "onKeyLongPress",
    "onListItemClick",
    "onLongClick",
    "onLongPress",
    "onMenuItemClick",
    "onMenuItemSelected",
    "onNavigationItemSelected",
    "onOptionsItemSelected",
    "onPreferenceChange",
    "onPreferenceClick",
    "onPreferenceTreeClick",
    "onProgressChanged",
    "onQueryTextChange",
    "onQueryTextSubmit",
    "onRatingChanged",
    "onRequestPermissionsResult",
    "onScroll",
    "onSearchRequested",
    "onSharedPreferenceChanged",
    "onSingleTapConfirmed",
    "onSingleTapUp",
    "onTimeSet",
    "onTouch",
    "onTouchEvent",
    "onTrackballEvent",
    "onUserInteraction",
    "onUserLeaveHint",
];

/// Whether a method of the platform runs because the user does something.
pub fn by_user(method: &str) -> bool {
    USER_METHODS.contains(&method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_rule() {
        let rows = TABLE.lines().filter(|row| row.starts_with('L')).count();
        assert_eq!(rules().len(), rows);
        let strange = TABLE
            .lines()
            .find(|row| !row.starts_with(['L', '#']) && !row.is_empty());
        assert_eq!(strange, None);
    }

    #[test]
    fn the_nearest_class_decides() {
        let rules = Rules::default();
        let action = |classes: &[&str], method: &str| rules.action(classes, method);
        assert_eq!(
            action(&["Ljava/lang/Thread;"], "start"),
            Some(Action::Receiver)
        );
        assert_eq!(
            action(&["Ljava/util/ArrayList;"], "add"),
            Some(Action::Keep)
        );
        assert_eq!(
            action(
                &["Landroid/widget/Button;", "Landroid/view/View;"],
                "setOnClickListener"
            ),
            Some(Action::Event)
        );
        assert_eq!(action(&["Landroid/location/LocationManager;"], "x"), None);
    }
}
