//! The filter of a list of accounts by state. *Paused* is one of its values, although an account is paused beside its
//! state.

use strum::VariantArray;

use super::AccountState;

/// Which accounts a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateFilter {
    /// Those in this state.
    In(AccountState),
    /// Those that are paused, in any state.
    Paused,
}

impl StateFilter {
    /// All filters: the states, then *Paused*.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        AccountState::VARIANTS.iter().map(|state| Self::In(*state)).chain([Self::Paused])
    }

    /// In addresses, and at the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::In(state) => state.name(),
            Self::Paused => "paused",
        }
    }

    /// Finds a filter by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|filter| filter.name() == name)
    }

    /// The state; `None` for *Paused*.
    pub const fn state(self) -> Option<AccountState> {
        match self {
            Self::In(state) => Some(state),
            Self::Paused => None,
        }
    }
}

impl From<AccountState> for StateFilter {
    fn from(state: AccountState) -> Self {
        Self::In(state)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_filter_has_a_name_of_its_own_and_is_found_by_it() {
        let names: BTreeSet<_> = StateFilter::all().map(StateFilter::name).collect();
        assert_eq!(names.len(), AccountState::VARIANTS.len() + 1);
        for filter in StateFilter::all() {
            assert_eq!(StateFilter::from_name(filter.name()), Some(filter));
        }
        assert_eq!(StateFilter::from_name("gone"), None);
        assert_eq!(StateFilter::from(AccountState::Retrying).state(), Some(AccountState::Retrying));
        assert_eq!(StateFilter::Paused.state(), None);
    }
}
