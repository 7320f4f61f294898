//! Documents and tables built in code, then damaged.

mod documents;
mod tables;

/// A chunk: type, header (without the eight bytes all chunks share), body.
fn chunk(kind: u16, header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = kind.to_le_bytes().to_vec();
    out.extend((8 + header.len() as u16).to_le_bytes());
    out.extend((8 + header.len() as u32 + body.len() as u32).to_le_bytes());
    out.extend(header);
    out.extend(body);
    out
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn halves(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// A string pool.
fn pool(strings: &[&str], utf8: bool) -> Vec<u8> {
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for string in strings {
        index.push(data.len() as u32);
        if utf8 {
            data.push(string.chars().count() as u8);
            data.push(string.len() as u8);
            data.extend(string.bytes());
            data.push(0);
        } else {
            let units: Vec<u16> = string.encode_utf16().collect();
            data.extend((units.len() as u16).to_le_bytes());
            data.extend(halves(&units));
            data.extend([0, 0]);
        }
    }
    data.resize(data.len().next_multiple_of(4), 0);
    let start = 28 + 4 * index.len() as u32;
    let flags = if utf8 { 1 << 8 } else { 0 };
    let header = words(&[index.len() as u32, 0, flags, start, 0]);
    chunk(0x0001, &header, &[words(&index), data].concat())
}
