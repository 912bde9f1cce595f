//! Lines that fit a width.

/// Columns left for text even where prefixes take all.
const TEXT_MIN: usize = 24;

/// A page being written.
pub(super) struct Paper {
    text: String,
    width: usize,
}

impl Paper {
    pub(super) fn new(width: usize) -> Self {
        Self {
            text: String::new(),
            width,
        }
    }

    /// Writes a text behind a prefix; what does not fit goes on behind the
    /// prefix of the lines after.
    pub(super) fn line(&mut self, first: &str, after: &str, text: &str) {
        let text = text.replace(steers, "\u{FFFD}");
        let mut prefix = first;
        let mut column = 0;
        let mut is_begun = false;
        for word in text.split(' ') {
            let room = self.width.saturating_sub(columns(prefix)).max(TEXT_MIN);
            if is_begun && column + 1 + columns(word) > room {
                self.end();
                prefix = after;
                is_begun = false;
                column = 0;
            }
            if is_begun {
                self.text.push(' ');
                column += 1;
            } else {
                self.text.push_str(prefix);
            }
            self.text.push_str(word);
            column += columns(word);
            is_begun = true;
        }
        self.end();
    }

    pub(super) fn blank(&mut self) {
        self.end();
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn end(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }
}

/// Tells whether a character could steer a terminal or the direction of its
/// writing: what members wrote is shown and never obeyed.
fn steers(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Counts the columns that a terminal gives a text: none to combining marks,
/// two to the wide scripts of East Asia.
fn columns(text: &str) -> usize {
    let width = |character: char| match character {
        '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' => 0,
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{20000}'..='\u{3FFFD}' => 2,
        _ => 1,
    };
    text.chars().map(width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_scripts() {
        for (text, expected) in [
            ("Lâm Đồng", 8),
            ("La\u{302}m \u{110}o\u{302}\u{300}ng", 8),
            ("友谊关", 6),
            ("│ ✓", 3),
            ("", 0),
        ] {
            assert_eq!(columns(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_steer_nothing() {
        let mut paper = Paper::new(80);
        paper.line("", "", "a\u{1b}[31mred\nb\u{202e}c");
        assert_eq!(paper.into_text(), "a\u{FFFD}[31mred\u{FFFD}b\u{FFFD}c\n");
    }

    #[test]
    fn what_does_not_fit_goes_on() {
        let mut paper = Paper::new(30);
        paper.line("├─ ", "│    ", "aaaaaaaaaa bbbbbbbbbb cccccccccc dd");
        paper.line("", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b");
        let expected = "├─ aaaaaaaaaa bbbbbbbbbb\n│    cccccccccc dd\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nb\n";
        assert_eq!(paper.into_text(), expected);
    }
}
