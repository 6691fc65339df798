//! The runs of leaves whose hashes make up a proof, as RFC 6962 section 2.1 splits a tree.

use super::Node;

/// The leaves from `start` to before `end`: a tree, or a subtree of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Span {
    pub(crate) fn whole(size: u64) -> Self {
        Self { start: 0, end: size }
    }

    /// The two subtrees, the left one being the largest perfect tree that leaves something on the right.
    fn halves(self) -> (Self, Self) {
        let last = self.end - self.start - 1;
        let middle = self.start + (1 << last.ilog2());
        (Self { end: middle, ..self }, Self { start: middle, ..self })
    }

    fn is_leaf(self) -> bool {
        self.end - self.start == 1
    }

    /// The perfect subtrees it consists of, from left to right; its hash is their fold from the right.
    pub(crate) fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let level = start.trailing_zeros().min((self.end - start).ilog2());
            nodes.push(Node { level: level as u8, index: start >> level });
            start += 1 << level;
        }
        nodes
    }
}

/// PATH(index, D\[size\]) of RFC 6962 section 2.1.1; `index` must be below `size`.
pub(crate) fn inclusion(index: u64, size: u64) -> Vec<Span> {
    let mut path = Vec::new();
    let mut inside = Span::whole(size);
    while !inside.is_leaf() {
        let (left, right) = inside.halves();
        let goes_left = index < left.end;
        path.push(if goes_left { right } else { left });
        inside = if goes_left { left } else { right };
    }
    path.reverse();
    path
}

/// PROOF(old, D\[new\]) of RFC 6962 section 2.1.2; `old` must be from 1 to `new`.
pub(crate) fn consistency(old: u64, new: u64) -> Vec<Span> {
    let mut path = Vec::new();
    let mut inside = Span::whole(new);
    while inside.end != old {
        let (left, right) = inside.halves();
        let goes_left = old <= left.end;
        path.push(if goes_left { right } else { left });
        inside = if goes_left { left } else { right };
    }
    // A subtree that begins with the log is the old root itself, which the verifier has.
    if inside.start != 0 {
        path.push(inside);
    }
    path.reverse();
    path
}
