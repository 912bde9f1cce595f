//! Syntax of URIs (RFC 3986) and of the names that extensions may bear.

/// Says whether the text is a URI: a scheme, then only characters and percent
/// escapes that RFC 3986 allows, at most one `#`, brackets in the host alone.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    is_scheme(scheme) && rest_is_sound(rest)
}

/// Says whether the text is an absolute IRI that may name an extension or a
/// vocabulary entry: `scheme://…`, `urn:…` or `tag:…`. Any other `a:b` reads as
/// a CURIE whose prefix nobody declared.
pub(crate) fn is_absolute_name(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let absolute = rest.starts_with("//") && rest.len() > 2
        || matches!(scheme, "urn" | "tag") && !rest.is_empty();
    absolute && is_scheme(scheme) && has_iri_characters(rest)
}

/// Says whether the text begins with a scheme and holds only characters that
/// an IRI may hold.
pub(crate) fn is_iri(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(scheme, rest)| is_scheme(scheme) && has_iri_characters(rest))
}

/// Says whether no character stands here that RFC 3987 keeps out of IRIs.
pub(crate) fn has_iri_characters(text: &str) -> bool {
    !text.chars().any(|character| {
        matches!(
            character,
            '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`'
        ) || character.is_whitespace()
            || character.is_control()
    })
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// The characters that may stand in a URI as they are, brackets, `#` and `%`
/// apart (RFC 3986 §2).
static PLAIN: [bool; 256] = {
    let marks = *b"-._~:/?@!$&'()*+,;=";
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        #[allow(clippy::cast_possible_truncation, reason = "below 128")]
        let ascii = byte as u8;
        plain[byte] = ascii.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut index = 0;
    while index < marks.len() {
        plain[marks[index] as usize] = true;
        index += 1;
    }
    plain
};

fn rest_is_sound(rest: &str) -> bool {
    let plain = rest.bytes().take_while(|byte| PLAIN[usize::from(*byte)]);
    let mut bytes = rest.as_bytes()[plain.count()..].iter().copied();
    let mut fragment = false;
    let mut bracketed = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let escape = [bytes.next(), bytes.next()];
                if !escape
                    .iter()
                    .all(|digit| digit.is_some_and(|byte| byte.is_ascii_hexdigit()))
                {
                    return false;
                }
            }
            b'#' if fragment => return false,
            b'#' => fragment = true,
            b'[' | b']' => bracketed = true,
            plain if PLAIN[usize::from(plain)] => {}
            _ => return false,
        }
    }
    if let Some(hierarchical) = rest.strip_prefix("//") {
        let end = hierarchical
            .find(['/', '?', '#'])
            .unwrap_or(hierarchical.len());
        let (authority, after) = hierarchical.split_at(end);
        return is_authority(authority) && !after.contains(['[', ']']);
    }
    !bracketed
}

fn is_authority(authority: &str) -> bool {
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if authority.len() > host_and_port.len()
        && authority[..authority.len() - host_and_port.len() - 1].contains(['[', ']', '@'])
    {
        return false;
    }
    let port = match host_and_port.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((address, port)) if is_address_literal(address) => port,
            _ => return false,
        },
        None => {
            let end = host_and_port.find(':').unwrap_or(host_and_port.len());
            if host_and_port[..end].contains(['[', ']']) {
                return false;
            }
            &host_and_port[end..]
        }
    };
    port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_address_literal(address: &str) -> bool {
    address.parse::<std::net::Ipv6Addr>().is_ok()
        || address
            .strip_prefix(['v', 'V'])
            .and_then(|rest| rest.split_once('.'))
            .is_some_and(|(version, rest)| {
                !version.is_empty()
                    && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                    && !rest.is_empty()
                    && !rest.contains(['[', ']', '%', '/', '@'])
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for (text, expected) in [
            ("urn:epc:id:sgtin:8938505.012345.1", true),
            ("https://id.gs1.org/01/08938505123457/21/a%2Fb?x=1#y", true),
            ("geo:10.762622,106.660172", true),
            ("example:field", true),
            ("example:", true),
            ("ni:///sha-256;abc?ver=CBV2.0", true),
            ("http://[2001:db8::1]:80/x", true),
            ("http://user:pw@host:8080", true),
            ("file:///a", true),
            ("receiving", false),
            ("", false),
            (":a", false),
            ("1a:b", false),
            ("http://a b", false),
            ("http://a/%2", false),
            ("http://a/%zz", false),
            ("http://a#b#c", false),
            ("http://a/[x]", false),
            ("http://[x]/", false),
            ("http://host:x/", false),
            ("https://ví-dụ.vn/", false),
            ("urn:a:<b>", false),
        ] {
            assert_eq!(is_uri(text), expected, "{text}");
        }
    }

    #[test]
    fn absolute_names() {
        for (text, expected) in [
            ("https://ví-dụ.vn/độ-chín", true),
            ("urn:example:x", true),
            ("tag:example.vn,2025:x", true),
            ("example:field", false),
            ("geo:1,2", false),
            ("urn:", false),
            ("https://", false),
            ("https://a b", false),
        ] {
            assert_eq!(is_absolute_name(text), expected, "{text}");
        }
    }
}
