//! Text for people: lines of bounded width.

/// Breaks a text at blanks into lines of at most `width` characters, the
/// further ones begun by `indent`. A word that is longer keeps its line.
pub(crate) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(indent);
            column = indent.chars().count();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks() {
        assert_eq!(wrap("một hai ba", 7, "  "), "một hai\n  ba");
        assert_eq!(wrap("toolongaword x", 4, ""), "toolongaword\nx");
        assert_eq!(wrap("", 4, "  "), "");
    }
}
