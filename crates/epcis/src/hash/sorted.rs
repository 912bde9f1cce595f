//! A text that grows piece by piece and puts pieces in order.

use super::PREHASH_BYTES_MAX;

/// The growing text. Once it is too long it takes nothing more.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Where pieces that wait to be sorted end: a stack, since sorted lists
    /// stand inside each other.
    ends: Vec<usize>,
    spare: Vec<u8>,
    full: bool,
}

/// Where a list of pieces begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pieces {
    start: usize,
    mark: usize,
}

impl Buffer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Returns the text, unless it was too long.
    pub(super) fn finish(self) -> Option<String> {
        if self.full {
            return None;
        }
        Some(String::from_utf8(self.bytes).expect("whole texts were put together"))
    }

    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(&mut self, text: &str) {
        if self.bytes.len() + text.len() > PREHASH_BYTES_MAX {
            self.full = true;
        } else {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Takes back what stands behind `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Begins a list of pieces that [`sort`](Self::sort) will put in order.
    pub(super) fn pieces(&self) -> Pieces {
        Pieces {
            start: self.bytes.len(),
            mark: self.ends.len(),
        }
    }

    /// Ends a piece of the list begun last.
    pub(super) fn end_piece(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Puts the pieces in the order of their bytes, which is that of their
    /// code points, and ends the list.
    pub(super) fn sort(&mut self, pieces: Pieces) {
        let ends = self.ends[pieces.mark..].iter().copied();
        let starts = std::iter::once(pieces.start).chain(ends.clone());
        let ranges = starts.zip(ends).map(|(start, end)| start..end);
        let text = &self.bytes;
        if !ranges
            .clone()
            .is_sorted_by(|left, right| text[left.clone()] <= text[right.clone()])
        {
            let mut ranges: Vec<_> = ranges.collect();
            ranges.sort_unstable_by(|left, right| text[left.clone()].cmp(&text[right.clone()]));
            self.spare.clear();
            for range in ranges {
                self.spare.extend_from_slice(&text[range]);
            }
            self.bytes[pieces.start..].copy_from_slice(&self.spare);
        }
        self.ends.truncate(pieces.mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_sorted_inside_each_other() {
        let mut buffer = Buffer::default();
        buffer.push("head:");
        let outer = buffer.pieces();
        for (name, items) in [("b", ["3", "1", "2"]), ("a", ["9", "8", "8"])] {
            buffer.push(name);
            let inner = buffer.pieces();
            for item in items {
                buffer.push(item);
                buffer.end_piece();
            }
            buffer.sort(inner);
            buffer.end_piece();
        }
        buffer.sort(outer);
        assert_eq!(buffer.finish().as_deref(), Some("head:a889b123"));
    }

    #[test]
    fn a_text_that_is_too_long_is_none() {
        let half = "x".repeat(PREHASH_BYTES_MAX / 2);
        let mut buffer = Buffer::default();
        buffer.push(&half);
        buffer.push(&half);
        assert!(!buffer.is_full());
        buffer.push("x");
        assert_eq!(buffer.finish(), None);
    }
}
