//! A bounded map that forgets what was not used for long: two generations, the older of which is dropped whole.

use std::{borrow::Borrow, collections::HashMap, hash::Hash, mem};

/// Holds at most twice `entries_max` entries. Looking an entry up keeps it.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    entries_max: usize,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), entries_max }
    }

    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if !self.young.contains_key(key)
            && let Some((key, value)) = self.old.remove_entry(key)
        {
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.entries_max {
            self.old = mem::take(&mut self.young);
        } else {
            self.old.remove(&key);
        }
        self.young.insert(key, value);
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
impl<K, V> Cache<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut cache = Cache::new(2);
        for key in 0..10 {
            cache.insert(key, key);
            assert!(cache.get(&0).is_some());
        }
        assert!(cache.get(&3).is_none());
        assert!(cache.len() <= 4);
    }

    #[test]
    fn an_entry_is_never_older_than_its_last_insert() {
        let mut cache = Cache::new(2);
        cache.insert("a", 1);
        cache.insert("b", 1);
        cache.insert("c", 1);
        cache.insert("a", 2);
        cache.insert("d", 1);
        assert_eq!(cache.get("a"), Some(&mut 2));
        cache.remove("a");
        assert_eq!(cache.get("a"), None);
    }
}
