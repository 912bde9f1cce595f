//! The bits of a compressed part, and what numbers and texts they hold.

/// What could be read, or why nothing could.
pub(super) type Read<T> = Result<T, &'static str>;

/// The alphabet of URI-safe base64 (RFC 4648 §5).
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bits that are still to be read.
pub(super) struct Bits {
    bits: Vec<bool>,
    at: usize,
}

impl Bits {
    pub(super) fn of(packed: &str) -> Read<Self> {
        let mut bits = Vec::with_capacity(packed.len() * 6);
        for byte in packed.bytes() {
            let value = BASE64.iter().position(|each| *each == byte);
            let value = value.ok_or("it holds a character that is none of URI-safe base64")?;
            bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
        }
        Ok(Self { bits, at: 0 })
    }

    pub(super) fn left(&self) -> usize {
        self.bits.len() - self.at
    }

    pub(super) fn byte(&mut self) -> Read<u8> {
        let bits = self.take(8)?;
        Ok(bits.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
    }

    /// Reads a number of a few bits.
    pub(super) fn number(&mut self, width: usize) -> Read<usize> {
        let bits = self.take(width)?;
        Ok(bits.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit)))
    }

    /// Reads how many characters a value has, at most `max`.
    pub(super) fn count(&mut self, max: usize) -> Read<usize> {
        let width = usize::BITS - max.leading_zeros();
        match self.number(width as usize)? {
            count if count <= max => Ok(count),
            _ => Err("a value is longer than its application identifier allows"),
        }
    }

    /// Reads a decimal number of `len` digits, in the bits that the greatest of
    /// them needs.
    pub(super) fn digits(&mut self, len: usize) -> Read<String> {
        let mut digits = vec![0_u8; len];
        for bit in self.take(bits_of_digits(len))? {
            let mut carry = u8::from(*bit);
            for digit in digits.iter_mut().rev() {
                let doubled = *digit * 2 + carry;
                *digit = doubled % 10;
                carry = doubled / 10;
            }
            if carry > 0 {
                return Err("a number has more digits than its application identifier allows");
            }
        }
        let written = digits.iter().map(|digit| char::from(b'0' + digit));
        Ok(written.collect())
    }

    /// Reads `len` characters: decimal digits, hexadecimal ones in small letters
    /// or capitals, the alphabet of base64, or ASCII.
    pub(super) fn characters(&mut self, encoding: usize, len: usize) -> Read<String> {
        let (width, alphabet): (usize, &[u8]) = match encoding {
            0 => return self.digits(len),
            1 => (4, b"0123456789abcdef"),
            2 => (4, b"0123456789ABCDEF"),
            3 => (6, BASE64),
            4 => (7, &[]),
            _ => return Err("a value has an encoding that does not exist"),
        };
        let mut text = String::with_capacity(len);
        for _ in 0..len {
            let index = self.number(width)?;
            let ascii = || u8::try_from(index).unwrap_or(0);
            text.push(char::from(
                alphabet.get(index).copied().unwrap_or_else(ascii),
            ));
        }
        Ok(text)
    }

    fn take(&mut self, count: usize) -> Read<&[bool]> {
        let end = self.at + count;
        let taken = self.bits.get(self.at..end);
        let taken = taken.ok_or("it ends within a value")?;
        self.at = end;
        Ok(taken)
    }
}

/// Returns how many bits a number of so many digits has: as many as the
/// greatest of them needs.
fn bits_of_digits(len: usize) -> usize {
    // The binary logarithm of 10, rounded up in its ninth place.
    (len * 3_321_928_095).div_ceil(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_numbers() {
        let some = [(0, 0), (1, 4), (2, 7), (3, 10), (6, 20), (14, 47), (18, 60)];
        for (digits, bits) in some {
            assert_eq!(bits_of_digits(digits), bits, "{digits}");
        }
        // Up to the most digits of any value, against exact arithmetic.
        let mut greatest = vec![1_u32];
        for len in 1..=127 {
            let mut carry = 0;
            for limb in &mut greatest {
                let times_ten = u64::from(*limb) * 10 + carry;
                *limb = u32::try_from(times_ten & 0xffff_ffff).expect("32 bits");
                carry = times_ten >> 32;
            }
            if carry > 0 {
                greatest.push(u32::try_from(carry).expect("32 bits"));
            }
            // No power of ten above 1 is a power of two, so that 10^len - 1 has
            // as many bits as 10^len.
            let top = greatest.last().expect("there is one").leading_zeros();
            let bits = greatest.len() * 32 - top as usize;
            assert_eq!(bits_of_digits(len), bits, "{len}");
        }
    }

    #[test]
    fn texts_of_every_encoding() {
        let packed = |bits: &str| {
            let padded = format!("{bits:0<width$}", width = bits.len().div_ceil(6) * 6);
            let sextets = padded.as_bytes().chunks(6).map(|sextet| {
                let number = sextet
                    .iter()
                    .fold(0, |sum, bit| sum * 2 + usize::from(bit - b'0'));
                char::from(BASE64[number])
            });
            Bits::of(&sextets.collect::<String>()).unwrap_or_else(|why| panic!("{why}"))
        };
        for (encoding, bits, text) in [
            (0, "1100100", "100"),
            (1, "10101111", "af"),
            (2, "10101111", "AF"),
            (3, "111110111111", "-_"),
            (4, "10000010100001", "A!"),
        ] {
            let len = text.len();
            let bits = if encoding == 0 {
                format!("000{bits}")
            } else {
                bits.into()
            };
            assert_eq!(packed(&bits).characters(encoding, len).as_deref(), Ok(text));
        }
        assert!(packed("1111").characters(5, 1).is_err());
        assert!(packed("1111111").digits(1).is_err(), "15 is no digit");
        assert!(packed("1").digits(14).is_err(), "it ends early");
        assert!(packed("111111").count(20).is_err());
        assert!(Bits::of("a+b").is_err());
    }
}
