//! Secrets. No message and no path shows a value.

use super::{Finding, Pointer, Problems, name};
use crate::request::Secrets;

const PATH: &str = "/secrets";

/// Checks how many secrets there are, their names and their values.
pub(super) fn check(problems: &mut Problems<'_>, secrets: &Secrets) {
    let limits = problems.limits();
    if secrets.len() > limits.secrets {
        let finding = Finding::too_many(secrets.len(), "secrets", limits.secrets);
        problems.add(PATH, finding);
    }
    for (secret, value) in secrets.iter() {
        let path = || Pointer::new(PATH).key(secret).into_string();
        name::check(problems, path, secret, limits.name_bytes);
        if value.len() > limits.secret_bytes {
            let finding = Finding::too_large(value.len(), limits.secret_bytes);
            problems.add_with(|| (path(), finding));
        }
        if let Some(at) = value.find('\0') {
            problems.add_with(|| (path(), Finding::character("character", '\0', at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::{codes, problems_of};
    use crate::request::Input;
    use crate::valid::ProblemCode;

    fn secret(name: &str, value: &str) -> Input {
        Input::text("t").with_secret(name, value)
    }

    #[test]
    fn an_input_has_at_most_64_secrets() {
        let with =
            |n: usize| (0..n).fold(Input::text("t"), |i, k| i.with_secret(format!("{k}"), "v"));
        assert_eq!(codes(with(63)), []);
        assert_eq!(codes(with(64)), []);
        let problems = problems_of(with(65));
        assert_eq!(
            problems[0].to_string(),
            "input 0 at /secrets: 65 secrets, at most 64"
        );
        assert_eq!(problems[0].limit, Some(64));
    }

    #[test]
    fn the_name_of_a_secret_has_1_to_255_bytes() {
        assert_eq!(
            codes(secret("", "v")),
            [("/secrets/".into(), ProblemCode::Empty)]
        );
        assert_eq!(codes(secret(&"n".repeat(255), "v")), []);
        let long = "n".repeat(256);
        let path = format!("/secrets/{long}");
        assert_eq!(codes(secret(&long, "v")), [(path, ProblemCode::TooLarge)]);
    }

    #[test]
    fn the_name_of_a_secret_is_escaped_in_the_path() {
        let refused = [("/secrets/a~1b~0\n".into(), ProblemCode::InvalidCharacter)];
        assert_eq!(codes(secret("a/b~\n", "v")), refused);
    }

    #[test]
    fn a_secret_has_at_most_8192_bytes() {
        for length in [0, 8_191, 8_192] {
            assert_eq!(codes(secret("k", &"v".repeat(length))), []);
        }
        let refused = [("/secrets/k".into(), ProblemCode::TooLarge)];
        assert_eq!(codes(secret("k", &"v".repeat(8_193))), refused);
    }

    #[test]
    fn a_secret_holds_no_nul_but_may_hold_line_ends() {
        assert_eq!(codes(secret("key", "-----BEGIN\nKEY-----\n")), []);
        let refused = [("/secrets/key".into(), ProblemCode::InvalidCharacter)];
        assert_eq!(codes(secret("key", "a\0b")), refused);
    }

    #[test]
    fn no_problem_shows_the_value_of_a_secret() {
        let value = "hunter2\0".repeat(2_000);
        let problems = problems_of(secret("key", &value));
        assert_eq!(problems.len(), 2);
        let text = format!("{problems:?}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
