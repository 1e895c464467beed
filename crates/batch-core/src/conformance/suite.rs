use serde::{Deserialize, Serialize};

use super::{Capability, Offer};

/// One backend's run of the suite: its name and what it can do.
///
/// [`storage_conformance!`](crate::storage_conformance) makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// The path of the module that calls the macro.
    pub name: String,
    /// One offer for each capability.
    pub offers: Vec<Offer>,
}

impl Suite {
    /// The suite of a module. Each reason is `None` where the capability is there.
    #[must_use]
    pub fn new(
        name: &str,
        time: Option<&str>,
        durable: Option<&str>,
        exclusive: Option<&str>,
        faults: Option<&str>,
    ) -> Self {
        let offer = |capability, lacking: Option<&str>| Offer {
            capability,
            lacking: lacking.map(str::to_owned),
        };
        Self {
            name: name.to_owned(),
            offers: vec![
                offer(Capability::Time, time),
                offer(Capability::Durable, durable),
                offer(Capability::Exclusive, exclusive),
                offer(Capability::Faults, faults),
            ],
        }
    }

    /// Why a case cannot run here; `None` where it can.
    #[must_use]
    pub fn lacks(&self, needs: &[Capability]) -> Option<&str> {
        let lacking = |need: &Capability| {
            let offer = self.offers.iter().find(|offer| offer.capability == *need);
            offer.and_then(|offer| offer.lacking.as_deref())
        };
        needs.iter().find_map(lacking)
    }
}
