//! The coupon codes of North America: (8110) after the North American Coupon
//! Application Guideline Using GS1 DataBar Expanded Symbols, (8112) after the
//! GS1 AI (8112) Coupon Data Specification.
//!
//! They are fields one after another, many of them led by an indicator of how
//! long they are.

use super::quote;
use crate::error::Problem;

type Checked<T> = Result<T, (usize, Problem)>;

/// Checks the value of (8110).
pub(super) fn check_code(value: &[u8], what: &'static str) -> Checked<()> {
    let mut fields = Fields::of(value, what)?;
    fields.company_prefix()?;
    fields.digits(6, "an offer code of six digits")?;
    fields.led_by(b"12345", 0, "the length of the save value, 1 to 5")?;
    fields.purchase()?;
    let additional = "the rules for further purchases, 0 to 3";
    if fields.opens(b'1') {
        fields.one_of(b"0123", additional)?;
        fields.purchase()?;
        fields.company_prefix_or_none()?;
    }
    if fields.opens(b'2') {
        fields.purchase()?;
        fields.company_prefix_or_none()?;
    }
    let mut expiry = None;
    if fields.opens(b'3') {
        expiry = Some(fields.date()?);
    }
    if fields.opens(b'4') {
        let start = fields.date()?;
        if expiry.is_some_and(|expiry| start > expiry) {
            return Err(fields.fault("a start that is not after the expiration date"));
        }
    }
    if fields.opens(b'5') {
        fields.led_by(b"0123456789", 6, "the length of the serial number")?;
    }
    if fields.opens(b'6') {
        fields.led_by(b"1234567", 6, "the length of the retailer's number, 1 to 7")?;
    }
    if fields.opens(b'9') {
        fields.one_of(b"01256", "a save value code: 0, 1, 2, 5 or 6")?;
        fields.one_of(b"012", "the item that the save value is for, 0 to 2")?;
        fields.digits(1, "the store coupon flag")?;
        fields.one_of(b"01", "the flag of no multiplying, 0 or 1")?;
    }
    fields.end()
}

/// Checks the value of (8112).
pub(super) fn check_offer(value: &[u8], what: &'static str) -> Checked<()> {
    let mut fields = Fields::of(value, what)?;
    fields.one_of(b"01", "the coupon's format, 0 or 1")?;
    fields.led_by(b"0123456", 6, "the length of the funder's number, 0 to 6")?;
    fields.digits(6, "an offer code of six digits")?;
    fields.led_by(b"0123456789", 6, "the length of the serial number")?;
    fields.end()
}

/// The fields that are still to be read.
struct Fields<'a> {
    value: &'a [u8],
    at: usize,
    what: &'static str,
}

impl<'a> Fields<'a> {
    fn of(value: &'a [u8], what: &'static str) -> Checked<Self> {
        if let Some(at) = value.iter().position(|byte| !byte.is_ascii_digit()) {
            let found = quote(&value[at..=at]);
            return Err((at, Problem::NotADigit { what, found }));
        }
        Ok(Self { value, at: 0, what })
    }

    fn fault(&self, right: &'static str) -> (usize, Problem) {
        let (what, found) = (self.what, quote(&self.value[self.at..]));
        (self.at, Problem::Content { what, found, right })
    }

    fn digits(&mut self, len: usize, right: &'static str) -> Checked<&'a [u8]> {
        let digits = self.value.get(self.at..self.at + len);
        let digits = digits.ok_or_else(|| self.fault(right))?;
        self.at += len;
        Ok(digits)
    }

    fn one_of(&mut self, allowed: &[u8], right: &'static str) -> Checked<u8> {
        match self.value.get(self.at) {
            Some(digit) if allowed.contains(digit) => {
                self.at += 1;
                Ok(*digit)
            }
            _ => Err(self.fault(right)),
        }
    }

    /// Reads an indicator, and as many digits as it says more than `least`.
    fn led_by(&mut self, allowed: &[u8], least: usize, right: &'static str) -> Checked<()> {
        let indicator = self.one_of(allowed, right)?;
        let len = least + usize::from(indicator - b'0');
        self.digits(len, "as many digits as the indicator before them says")
            .map(|_| ())
    }

    fn company_prefix(&mut self) -> Checked<()> {
        self.led_by(b"0123456", 6, "the length of a company prefix, 0 to 6")
    }

    fn company_prefix_or_none(&mut self) -> Checked<()> {
        if self.opens(b'9') {
            return Ok(());
        }
        self.led_by(
            b"0123456",
            6,
            "the length of a company prefix, 0 to 6, or 9 for none",
        )
    }

    fn purchase(&mut self) -> Checked<()> {
        self.led_by(
            b"12345",
            0,
            "the length of the purchase requirement, 1 to 5",
        )?;
        self.one_of(b"012349", "a purchase requirement code: 0 to 4, or 9")?;
        self.digits(3, "a purchase family code of three digits")
            .map(|_| ())
    }

    fn date(&mut self) -> Checked<&'a [u8]> {
        let at = self.at;
        let date = self.digits(6, "a date as YYMMDD")?;
        super::ValueRule::Date
            .check(date, self.what)
            .map_err(|(index, problem)| (at + index, problem))?;
        Ok(date)
    }

    /// Tells whether an optional field begins here, and steps over its number.
    fn opens(&mut self, number: u8) -> bool {
        let opens = self.value.get(self.at) == Some(&number);
        self.at += usize::from(opens);
        opens
    }

    fn end(&self) -> Checked<()> {
        if self.at == self.value.len() {
            return Ok(());
        }
        Err(self.fault("the end, or an optional field in the order 1, 2, 3, 4, 5, 6, 9"))
    }
}
