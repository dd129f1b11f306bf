//! Several byte strings in one, behind a mark: what a model of models is stored as.

/// A mark, then each part behind its length.
pub(super) fn frame(mark: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = mark.to_vec();
    for part in parts {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The parts behind a mark; nothing where the bytes do not begin with it or do not end with a part.
pub(super) fn parts<'a>(mark: &[u8], bytes: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let mut rest = bytes.strip_prefix(mark)?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<8>()?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        let (part, after) = after.split_at_checked(len)?;
        found.push(part);
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_bytes_cut_short_do_not() {
        let bytes = frame(b"mark", &[b"one", b"", b"three"]);
        assert_eq!(parts(b"mark", &bytes).unwrap(), [&b"one"[..], b"", b"three"]);
        let whole = (0..bytes.len()).filter(|len| parts(b"mark", &bytes[..*len]).is_some());
        assert_eq!(whole.collect::<Vec<_>>(), [4, 15, 23], "only at the end of a part");
    }

    #[test]
    fn a_length_that_the_bytes_do_not_bear_out_is_no_part() {
        assert_eq!(parts(b"", &u64::MAX.to_le_bytes()), None);
    }
}
