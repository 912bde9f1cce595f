//! Check digits, and the check characters of the Global Model Number.

/// Returns the GS1 check digit of `digits`, the key without it.
///
/// GS1 General Specifications §7.9.1: from the right, digits weigh 3 and 1 in
/// turn, and the check digit fills the sum up to a multiple of ten. `None` if
/// `digits` is empty or holds anything but ASCII digits.
///
/// ```
/// assert_eq!(gs1::check_digit("0893850512345"), Some('5'));
/// ```
pub fn check_digit(digits: &str) -> Option<char> {
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| char::from(check_digit_of(digits.as_bytes())))
}

/// Returns the check digit, as an ASCII byte, of what are known to be digits.
pub(crate) fn check_digit_of(digits: &[u8]) -> u8 {
    let (mut heavy, mut light) = (0_u32, 0_u32);
    for pair in digits.rchunks(2) {
        match pair {
            [left, right] => {
                heavy += u32::from(right - b'0');
                light += u32::from(left - b'0');
            }
            [only] => heavy += u32::from(only - b'0'),
            _ => {}
        }
    }
    let above = u8::try_from((heavy * 3 + light) % 10).unwrap_or(0);
    b'0' + (10 - above) % 10
}

/// The weights of the check character pair, from the character just left of it.
const PRIMES: [u32; 23] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83,
];

/// The characters of GS1 set 82, by the value they have in the check character
/// pair.
const SET_82: &[u8; 82] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// The characters a check pair is written with.
const SET_32: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Returns the check character pair of a Global Model Number without it.
///
/// GS1 General Specifications §7.9.5: characters weigh primes, 2 on the right;
/// the sum modulo 1021 is written as two characters of five bits each.
pub(crate) fn check_pair_of(model: &[u8]) -> [u8; 2] {
    let sum: u32 = model
        .iter()
        .rev()
        .zip(PRIMES)
        .filter_map(|(byte, weight)| {
            let value = SET_82.iter().position(|each| each == byte)?;
            Some(u32::try_from(value).ok()? * weight)
        })
        .sum();
    let check = sum as usize % 1021;
    [SET_32[check >> 5], SET_32[check & 31]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        for (key, right) in [
            ("0893850512345", Some('5')),
            ("34012345111111111", Some('1')),
            ("401234500005", Some('4')),
            ("9638507", Some('4')),
            ("0", Some('0')),
            ("", None),
            ("12a", None),
            ("１２", None),
        ] {
            assert_eq!(check_digit(key), right, "{key}");
        }
    }

    #[test]
    fn check_pair_of_the_general_specifications_example() {
        assert_eq!(&check_pair_of(b"1987654Ad4X4bL5ttr2310c"), b"2K");
    }
}
