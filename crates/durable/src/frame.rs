/// What a frame says besides its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// The position of the frame's first record, or where the next one will be.
    pub first_position: u64,
    /// How many records there are after it.
    pub size: u64,
    /// The root of their Merkle tree.
    pub root: [u8; 32],
    /// Up to where the stream has been read.
    pub stream_sequence: u64,
}

/// The largest payload that a frame takes, in bytes: far above a commit's bound, far below what would make reading a damaged length dangerous.
pub const MAX_PAYLOAD: usize = 16 << 20;

pub(crate) const MAGIC: [u8; 4] = *b"HjF2";
pub(crate) const HEAD_LEN: usize = 4 + 4 + 4 + 8 + 8 + 8 + 8 + 32;

/// A frame as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its number in its journal: 0, 1, 2 …
    pub number: u64,
    /// Where the ledger stood after it.
    pub head: FrameHead,
    /// What was appended.
    pub payload: Vec<u8>,
}

/// What stands before the payload; `None` where that is larger than [`MAX_PAYLOAD`].
pub(crate) fn before(number: u64, head: &FrameHead, payload: &[u8]) -> Option<[u8; HEAD_LEN]> {
    let len = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD)?;
    let mut bytes = [0; HEAD_LEN];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&len.to_be_bytes());
    for (at, number) in (12..).step_by(8).zip([number, head.first_position, head.stream_sequence, head.size]) {
        bytes[at..at + 8].copy_from_slice(&number.to_be_bytes());
    }
    bytes[44..].copy_from_slice(&head.root);
    let crc = crc32c::crc32c_append(checksum(&bytes), payload);
    bytes[8..12].copy_from_slice(&crc.to_be_bytes());
    Some(bytes)
}

/// Everything but the magic and the checksum itself.
fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[4..8]), &frame[12..])
}

/// The length of the whole frame whose head this is; `None` where it's no head.
pub(crate) fn whole_len(head: &[u8; HEAD_LEN]) -> Option<usize> {
    let len = usize::try_from(u32::from_be_bytes([head[4], head[5], head[6], head[7]])).ok()?;
    (head[..4] == MAGIC && len <= MAX_PAYLOAD).then_some(HEAD_LEN + len)
}

/// The frame of exactly these bytes; `None` where the checksum says that they aren't what was written.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Option<Frame> {
    let head: &[u8; HEAD_LEN] = bytes.first_chunk()?;
    let crc = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
    if whole_len(head)? != bytes.len() || checksum(&bytes) != crc {
        return None;
    }
    let number = |at: usize| u64::from_be_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let head = FrameHead { first_position: number(20), stream_sequence: number(28), size: number(36), root: head[44..].try_into().expect("32 bytes") };
    let number = number(12);
    bytes.drain(..HEAD_LEN);
    Some(Frame { number, head, payload: bytes })
}
