//! No bytes make the parser panic, and what it accepts is written and read again as the same.
//!
//! `cargo fuzz run parse fuzz/corpus/parse golden`, in `crates/announcement`, begins with the golden events and writes what it finds to the first folder.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(announcement) = announcement::parse(bytes) {
        let text = std::str::from_utf8(bytes).expect("what is accepted is UTF-8");
        assert_eq!(announcement::decode(text).as_ref(), Ok(&announcement));
        let event: serde_json::Value = serde_json::from_str(text).expect("what is accepted is JSON");
        assert_eq!(serde_json::to_value(&announcement.data).expect("what was read is written"), event["data"], "written again as the same value");
        assert!(computes(&announcement));
        assert!(announcement::same_content(bytes, bytes));
    }
    let _ = announcement::cut(bytes);
    let _ = announcement::from_binary([("ce-specversion", "1.0")], bytes);
});

/// The key, the bounds and the spans of whatever is accepted can be computed.
fn computes(announcement: &announcement::Announcement) -> bool {
    let _ = announcement.key();
    let _ = announcement.data.announced().span();
    announcement.data.transfers().iter().flat_map(|transfer| &transfer.counts).all(|item| item.count.bounds().high.is_none_or(|high| high < u64::from(u32::MAX)))
}
