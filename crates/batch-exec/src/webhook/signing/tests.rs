use super::*;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &[u8] = br#"{"type":"run.processed","data":{"n":1}}"#;

type Headers = Vec<(&'static str, String)>;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn find<'a>(headers: &'a Headers) -> impl Fn(&str) -> Option<&'a str> {
    |name| {
        headers
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn verified(
    signing: &Signing,
    headers: &Headers,
    body: &[u8],
    now: i64,
) -> Result<(), VerifyError> {
    signing.verify(find(headers), body, at(now))
}

#[test]
fn a_signature_is_the_one_of_the_examples_of_standard_webhooks() {
    let signing = Signing::standard(OLD).unwrap();
    let headers = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        at(1_614_265_330),
        br#"{"test": 2432232314}"#,
    );
    assert_eq!(
        headers[0],
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned())
    );
    assert_eq!(headers[1], ("webhook-timestamp", "1614265330".to_owned()));
    let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(headers[2], ("webhook-signature", expected.to_owned()));
}

#[test]
fn the_reference_of_standard_webhooks_accepts_ours_and_we_accept_its() {
    let now = Timestamp::now();
    let ours = Signing::standard(SECRET)
        .unwrap()
        .and_previous(OLD)
        .unwrap();
    let headers = ours.headers("event_1", now, BODY);
    let mut map = reqwest::header::HeaderMap::new();
    for (name, value) in &headers {
        map.insert(*name, value.parse().unwrap());
    }
    for secret in [SECRET, OLD] {
        let reference = standardwebhooks::Webhook::new(secret).unwrap();
        reference.verify(BODY, &map).unwrap();
        assert!(reference.verify(b"{}", &map).is_err());
        let signature = reference.sign("event_1", now.as_second(), BODY).unwrap();
        let theirs = vec![
            ("webhook-id", "event_1".to_owned()),
            ("webhook-timestamp", now.as_second().to_string()),
            ("webhook-signature", signature),
        ];
        ours.verify(find(&theirs), BODY, now).unwrap();
    }
}

#[test]
fn a_signature_of_extend_is_what_its_description_says() {
    // printf 'v0:1700000000:{}' | openssl dgst -sha256 -hmac wss_0123456789abcdef
    let signing = Signing::extend("wss_0123456789abcdef").unwrap();
    let headers = signing.headers("ignored", at(1_700_000_000), b"{}");
    let expected = "d9da7ff2c9ce2fcacfe3396808c3de03886d518ba150e9725942f5681bccd20e";
    assert_eq!(
        headers,
        [
            ("x-extend-request-timestamp", "1700000000".to_owned()),
            ("x-extend-request-signature", expected.to_owned()),
        ]
    );
    assert_eq!(verified(&signing, &headers, b"{}", 1_700_000_000), Ok(()));
}

#[test]
fn while_secrets_change_a_receiver_with_either_of_them_accepts() {
    let new = Signing::standard(SECRET).unwrap();
    let old = Signing::standard(OLD).unwrap();
    let both = new.clone().and_previous(OLD).unwrap();
    let headers = both.headers("event_1", at(1_000), BODY);
    assert_eq!(headers[2].1.split(' ').count(), 2);
    for receiver in [&new, &old, &both] {
        assert_eq!(verified(receiver, &headers, BODY, 1_000), Ok(()));
    }
    assert_eq!(
        verified(&new, &old.headers("event_1", at(1_000), BODY), BODY, 1_000),
        Err(VerifyError::Signature)
    );

    let both = Signing::extend("wss_new_secret_of_it")
        .unwrap()
        .and_previous("wss_old_secret_of_it")
        .unwrap();
    let names: Vec<&str> = both
        .headers("", at(0), BODY)
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(names, [EXTEND_TIMESTAMP, EXTEND_SIGNATURE, EXTEND_PREVIOUS]);
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    for signing in [
        Signing::standard(SECRET).unwrap(),
        Signing::extend(SECRET).unwrap(),
    ] {
        let headers = signing.headers("event_1", at(1_000), BODY);
        assert_eq!(verified(&signing, &headers, BODY, 1_000), Ok(()));
        let mut other = BODY.to_vec();
        other[3] ^= 1;
        assert_eq!(
            verified(&signing, &headers, &other, 1_000),
            Err(VerifyError::Signature)
        );
        for changed in 0..headers.len() {
            let mut forged = headers.clone();
            let value = &mut forged[changed].1;
            let last = if value.ends_with('1') { '2' } else { '1' };
            // Base64 ends in padding, so the first letter of the signature is changed there.
            if value.starts_with("v1,") {
                value.replace_range(3..4, if &value[3..4] == "A" { "B" } else { "A" });
            } else {
                value.pop();
                value.push(last);
            }
            assert!(
                verified(&signing, &forged, BODY, 1_000).is_err(),
                "{changed}"
            );
            let mut missing = headers.clone();
            missing.remove(changed);
            assert!(matches!(
                verified(&signing, &missing, BODY, 1_000),
                Err(VerifyError::Header(_))
            ));
        }
    }
}

#[test]
fn a_signature_is_accepted_for_five_minutes_either_way() {
    for signing in [
        Signing::standard(SECRET).unwrap(),
        Signing::extend(SECRET).unwrap(),
    ] {
        let headers = signing.headers("event_1", at(10_000), BODY);
        for (now, expected) in [
            (10_000 - 301, Err(VerifyError::Time)),
            (10_000 - 300, Ok(())),
            (10_000 + 300, Ok(())),
            (10_000 + 301, Err(VerifyError::Time)),
        ] {
            assert_eq!(verified(&signing, &headers, BODY, now), expected, "{now}");
        }
        let mut odd = headers;
        odd.iter_mut()
            .filter(|(name, _)| name.contains("timestamp"))
            .for_each(|it| it.1 = "-9223372036854775808".into());
        assert_eq!(
            verified(&signing, &odd, BODY, 10_000),
            Err(VerifyError::Time)
        );
    }
}

#[test]
fn signatures_that_are_none_are_refused_and_do_not_panic() {
    for signing in [
        Signing::standard(SECRET).unwrap(),
        Signing::extend(SECRET).unwrap(),
    ] {
        let headers = signing.headers("event_1", at(0), BODY);
        for odd in [
            "",
            " ",
            "v1",
            "v1,",
            "v1,=",
            "v0,AAAA",
            "v1a,AAAA",
            "zz",
            "abc",
            "äö",
            "00",
            &"00".repeat(32),
        ] {
            let mut forged = headers.clone();
            forged.last_mut().unwrap().1 = odd.to_owned();
            assert_eq!(
                verified(&signing, &forged, BODY, 0),
                Err(VerifyError::Signature),
                "{odd}"
            );
        }
    }
}

#[test]
fn secrets_that_are_too_short_are_refused_and_none_is_ever_printed() {
    assert_eq!(
        Signing::standard("whsec_ä").unwrap_err(),
        InvalidSecret::NotBase64
    );
    assert_eq!(
        Signing::standard("whsec_AAAA").unwrap_err(),
        InvalidSecret::Length { bytes: 3 }
    );
    assert_eq!(
        Signing::extend("short").unwrap_err(),
        InvalidSecret::TooShort { bytes: 5 }
    );
    assert!(
        Signing::standard(SECRET)
            .unwrap()
            .and_previous("x")
            .is_err()
    );
    let printed = format!("{:?}", Signing::extend("wss_do_not_print_this").unwrap());
    assert_eq!(printed, "Signing { scheme: Extend, .. }");
}
