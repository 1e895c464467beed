/// Makes one `#[test]` of every case of the suite, in a module a verb.
///
/// `harness` is evaluated anew for every case. Every capability is said, as `yes` or as
/// `no("reason")`; a case that needs one that is lacking becomes an ignored test with that
/// reason. See [`conformance`](crate::conformance) for an example.
#[macro_export]
macro_rules! storage_conformance {
    (
        harness: $harness:expr,
        time: $time:ident $(($no_time:literal))?,
        durable: $durable:ident $(($no_durable:literal))?,
        exclusive: $exclusive:ident $(($no_exclusive:literal))?,
        faults: $faults:ident $(($no_faults:literal))? $(,)?
    ) => {
        /// What this suite is and can do, for its report.
        fn conformance_suite() -> $crate::conformance::Suite {
            $crate::conformance::Suite::new(
                module_path!(),
                $crate::conformance_lacking!($time $($no_time)?),
                $crate::conformance_lacking!($durable $($no_durable)?),
                $crate::conformance_lacking!($exclusive $($no_exclusive)?),
                $crate::conformance_lacking!($faults $($no_faults)?),
            )
        }

        $crate::conformance_cases! {
            conformance_tests
            ($harness)
            [$time $($no_time)?] [$durable $($no_durable)?]
            [$exclusive $($no_exclusive)?] [$faults $($no_faults)?]
        }
    };
}

/// Why a capability is lacking, as an option.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_lacking {
    (yes) => {
        ::core::option::Option::None
    };
    (no $why:literal) => {
        ::core::option::Option::Some($why)
    };
}

/// A module a verb, with a test a case.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    (
        ($harness:expr) $time:tt $durable:tt $exclusive:tt $faults:tt
        $($verb:ident { $($name:ident [$($need:ident)*] $($kind:ident)?;)* })*
    ) => {
        $(
            mod $verb {
                use super::*;
                $crate::conformance_tests! {
                    @each ($harness) ($time $durable $exclusive $faults) $verb
                    $($name [$($need)*];)*
                }
            }
        )*
    };
    (@each $harness:tt $offers:tt $verb:ident $($name:ident $needs:tt;)*) => {
        $($crate::conformance_tests! { @one $harness $offers $verb $name $needs })*
    };

    (@one $h:tt ([yes] $d:tt $e:tt $f:tt) $v:ident $n:ident [time $($more:ident)*]) => {
        $crate::conformance_tests! { @one $h ([yes] $d $e $f) $v $n [$($more)*] }
    };
    (@one $h:tt ($t:tt [yes] $e:tt $f:tt) $v:ident $n:ident [durable $($more:ident)*]) => {
        $crate::conformance_tests! { @one $h ($t [yes] $e $f) $v $n [$($more)*] }
    };
    (@one $h:tt ($t:tt $d:tt [yes] $f:tt) $v:ident $n:ident [exclusive $($more:ident)*]) => {
        $crate::conformance_tests! { @one $h ($t $d [yes] $f) $v $n [$($more)*] }
    };
    (@one $h:tt ($t:tt $d:tt $e:tt [yes]) $v:ident $n:ident [faults $($more:ident)*]) => {
        $crate::conformance_tests! { @one $h ($t $d $e [yes]) $v $n [$($more)*] }
    };

    (@one $h:tt ([no $why:literal] $d:tt $e:tt $f:tt) $v:ident $n:ident [time $($more:ident)*]) => {
        $crate::conformance_tests! { @ignored $n $why }
    };
    (@one $h:tt ($t:tt [no $why:literal] $e:tt $f:tt) $v:ident $n:ident [durable $($more:ident)*]) => {
        $crate::conformance_tests! { @ignored $n $why }
    };
    (@one $h:tt ($t:tt $d:tt [no $why:literal] $f:tt) $v:ident $n:ident [exclusive $($more:ident)*]) => {
        $crate::conformance_tests! { @ignored $n $why }
    };
    (@one $h:tt ($t:tt $d:tt $e:tt [no $why:literal]) $v:ident $n:ident [faults $($more:ident)*]) => {
        $crate::conformance_tests! { @ignored $n $why }
    };

    (@one ($harness:expr) $offers:tt $verb:ident $name:ident []) => {
        #[test]
        fn $name() {
            let case = concat!(stringify!($verb), "::", stringify!($name));
            $crate::conformance::Case::named(case)
                .check(&conformance_suite(), &|| ::std::boxed::Box::new($harness));
        }
    };
    // Asked for by force it still does not pass: there is nothing that it could show.
    (@ignored $name:ident $why:literal) => {
        #[test]
        #[cfg_attr(all(), ignore = $why)]
        fn $name() {
            panic!("this store cannot run the case: {}", $why);
        }
    };
}
