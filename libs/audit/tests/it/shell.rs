//! Running the script of a bundle as somebody would who has nothing but bash, openssl, xxd and base64.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use audit::bundle::Files;
use servers::Scratch;

const TOOLS: [&str; 4] = ["bash", "openssl", "xxd", "base64"];

/// A folder with these four programs and no other.
fn bare_path() -> &'static Path {
    static FOLDER: OnceLock<Scratch> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = Scratch::new().unwrap();
        for tool in TOOLS {
            symlink(found(tool), folder.path().join(tool)).unwrap();
        }
        folder
    });
    folder.path()
}

fn found(tool: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap();
    let places = env::split_paths(&path).map(|folder| folder.join(tool));
    places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| panic!("{tool} is not installed"))
}

/// An extracted bundle.
pub struct Extracted(Scratch);

impl Extracted {
    pub fn new(files: &Files) -> Self {
        let folder = Self(Scratch::new().unwrap());
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let file = self.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    /// Runs its own script, in its folder, with nothing in the environment.
    pub fn verify(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(bare_path().join("bash"));
        command.arg("verify.sh").args(arguments).current_dir(self.path());
        command.env_clear().env("PATH", bare_path()).output().unwrap()
    }
}

/// What was printed last.
pub fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().last().unwrap_or_default().to_owned()
}

pub fn keys(texts: &[String]) -> Vec<&str> {
    texts.iter().flat_map(|text| ["--key", text.as_str()]).collect()
}
