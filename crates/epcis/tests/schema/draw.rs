//! Random choices that one seed gives again.

/// Names the seed to be used again.
const SEED: &str = "NGUON_SEED";

/// A stream of numbers (xorshift).
pub(crate) struct Draw(u64);

impl Draw {
    /// Takes the seed that the environment names, else always the same one, so
    /// that a change and not luck decides; returns it too.
    pub(crate) fn from_environment() -> (Draw, u64) {
        let named = std::env::var(SEED).ok();
        let named = named.map(|seed| seed.parse().expect("NGUON_SEED is a whole number"));
        let seed: u64 = named.unwrap_or(1);
        // Neighbouring seeds part at once, and of nothing comes nothing.
        let mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (Draw(mixed.max(1)), seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("below a length")
    }

    pub(crate) fn of<'i, T>(&mut self, items: &'i [T]) -> Option<&'i T> {
        items.get(self.below(items.len()))
    }
}
