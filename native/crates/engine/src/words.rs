//! Words in the bytes of a file whose structure is not read, such as a native library.

use crate::{Error, ErrorKind};
use aho_corasick::AhoCorasick;

/// Says which of `words` stand in `bytes` by themselves: with no letter, digit or one of `_ $ / . -` on either side. Of a word that ends
/// in `*` only the start counts. The answer holds positions in `words`, ascending.
pub fn words_in(bytes: &[u8], words: &[String]) -> Result<Vec<usize>, Error> {
    let needles = words.iter().map(|one| one.trim_end_matches('*'));
    let automaton = AhoCorasick::new(needles)
        .map_err(|error| Error::new(ErrorKind::LimitHit, format!("the words: {error}")))?;
    let mut found = vec![false; words.len()];
    for hit in automaton.find_overlapping_iter(bytes) {
        let index = hit.pattern().as_usize();
        if !found[index] && hit.start() < hit.end() {
            let open = words[index].ends_with('*');
            let before = hit.start().checked_sub(1).and_then(|at| bytes.get(at));
            let after = bytes.get(hit.end());
            found[index] = !before.is_some_and(joins) && (open || !after.is_some_and(joins));
        }
    }
    Ok((0..words.len()).filter(|&index| found[index]).collect())
}

fn joins(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_$/.-".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::words_in;

    fn found(bytes: &[u8], words: &[&str]) -> Vec<usize> {
        let words: Vec<String> = words.iter().map(|&one| one.to_owned()).collect();
        words_in(bytes, &words).unwrap_or_default()
    }

    #[test]
    fn a_word_stands_by_itself() {
        let words = ["getDeviceId", "android/os/Build", "ro.serialno"];
        assert_eq!(found(b"\0getDeviceId\0(android/os/Build;", &words), [0, 1]);
        assert_eq!(found(b"getDeviceId", &words), [0]);
        let joined =
            b"forgetDeviceId getDeviceIds android/os/Build$VERSION xro.serialno ro.serialno.x";
        assert_eq!(found(joined, &words), [0_usize; 0]);
        assert_eq!(found(b"getDeviceIds getDeviceId", &words), [0]);
    }

    #[test]
    fn words_may_overlap_and_have_an_open_end() {
        let words = ["content://sms*", "content://", "sms/inbox", ""];
        assert_eq!(found(b"\0content://sms/inbox\0", &words), [0]);
        assert_eq!(found(b" content:// sms/inbox", &words), [1, 2]);
        assert_eq!(found(b"", &words), [0_usize; 0]);
    }
}
