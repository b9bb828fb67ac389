//! What `mail360 end-sessions` has ended, in numbers.

/// Numbers of what [`super::Program::end_sessions`] has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Number of browsers that were logged out.
    pub browsers: u64,
    /// Number of open sign-ins that were ended.
    pub sign_ins: u64,
    /// Number of links that were withdrawn: of invitations, for new passwords, for connecting mailboxes, and for
    /// approvals of companies.
    pub links: u64,
}

impl std::ops::Add for Ended {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            browsers: self.browsers + other.browsers,
            sign_ins: self.sign_ins + other.sign_ins,
            links: self.links + other.links,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { browsers, sign_ins, links } = self;
        write!(f, "Browsers logged out: {browsers}, sign-ins ended: {sign_ins}, links withdrawn: {links}")
    }
}
