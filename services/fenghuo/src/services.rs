//! The six services that this program can run, and whose they are in an all-in-one system.

use chassis::Service;
use decider::Department;

use crate::error::Error;

/// A service and its owner in an all-in-one system: the case of the demonstration plays in Wuyi, Zhejiang.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// The service.
    pub service: &'static Service,
    owner: &'static str,
}

/// Every service, in the order in which a case usually meets them.
pub const ALL: [Member; 6] = [
    Member { service: &hazard::SERVICE, owner: "fire.330723" },
    Member { service: &enforcement::SERVICE, owner: "fire.330723" },
    Member { service: &investigation::SERVICE, owner: "fire.330723" },
    Member { service: &credit::SERVICE, owner: "emergency.33" },
    Member { service: &reward::SERVICE, owner: "fire.330723" },
    Member { service: &timeline::SERVICE, owner: "government.330723" },
];

impl Member {
    /// The department that owns the service.
    pub fn department(&self) -> Department {
        self.owner.parse().expect("the owners above are departments")
    }
}

/// The names of all services.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|member| member.service.name)
}

/// The service with this name.
pub fn find(name: &str) -> Result<Member, Error> {
    ALL.into_iter().find(|member| member.service.name == name).ok_or_else(|| {
        let known = names().collect::<Vec<_>>();
        Error::usage(
            format!("没有名为 {name:?} 的服务；可用：{}", known.join("、")),
            format!("no service is called {name:?}; known are {}", known.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The folders of stored samples name every kind of stream that was ever written.
    #[test]
    fn a_service_declares_every_category_that_it_stores() {
        for member in ALL {
            let (service, name) = (member.service, member.service.name);
            let folder = format!("{}/../{name}/stored", env!("CARGO_MANIFEST_DIR"));
            let samples = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
            let stored: BTreeSet<_> = samples
                .map(|file| file.to_str().unwrap().split('.').next().unwrap().to_lowercase())
                .collect();
            assert!(!stored.is_empty());
            for category in stored {
                assert!(service.categories().any(|known| known == category), "{name} {category}");
            }
            for own in ["$genesis", "rules", "reading"] {
                assert!(service.categories().any(|known| known == own), "{name} {own}");
            }
        }
    }

    #[test]
    fn every_service_has_a_name_of_its_own_and_an_owner() {
        for member in ALL {
            assert_eq!(names().filter(|name| *name == member.service.name).count(), 1);
            let _ = member.department();
        }
    }
}
