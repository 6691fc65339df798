//! How a fact is told to people, in Chinese and in English: a title for its type, a summary of its body, and
//! the name of the department that acted. Texts are made when asked for, so a better word needs no rebuild.

mod department;
mod field;
mod summary;
mod title;
mod word;

pub use department::department;
pub use summary::summary;
pub use title::title;
pub use word::word;

#[cfg(test)]
mod tests;
