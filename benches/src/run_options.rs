use crate::Backend;

/// What a program is asked for: `[--backend sled|redb|log] [AMOUNT]`.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// On what it runs, by default sled.
    pub backend: Backend,
    /// How long or how much, in the unit of the program.
    pub amount: u64,
}

impl RunOptions {
    /// Reads the arguments of the program.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in a sentence.
    pub fn parse(
        arguments: impl IntoIterator<Item = String>,
        default_amount: u64,
    ) -> Result<Self, String> {
        let mut options = Self {
            backend: Backend::Sled,
            amount: default_amount,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--backend" {
                let name = arguments.next().unwrap_or_default();
                options.backend = name.parse()?;
            } else {
                let wrong = |_| format!("{argument} is no number");
                options.amount = argument.parse().map_err(wrong)?;
            }
        }
        Ok(options)
    }
}
