//! Sets of slots of a mailbox.

/// Maximum number of slots of a mailbox, whatever its provider takes.
pub const MAX_SLOTS: usize = 8;

/// Numbers of slots, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotSet(u8);

impl SlotSet {
    /// As many as a mailbox can have.
    pub const ALL: Self = Self(u8::MAX);

    /// The first slots, this many.
    pub fn first_of(count: usize) -> Self {
        (0..count.min(MAX_SLOTS)).fold(Self::default(), |set, number| set.with(Self::one(number)))
    }

    pub const fn one(number: usize) -> Self {
        Self(1 << number)
    }

    pub const fn contains(self, number: usize) -> bool {
        self.0 & (1 << number) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The lowest number.
    pub fn first(self) -> Option<usize> {
        self.numbers().next()
    }

    pub fn numbers(self) -> impl Iterator<Item = usize> {
        (0..MAX_SLOTS).filter(move |number| self.contains(*number))
    }
}
