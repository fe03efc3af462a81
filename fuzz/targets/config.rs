//! `release.toml`, and the questions that are asked of it.
#![no_main]

use std::path::Path;

use config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::parse(Path::new("release.toml"), text) {
        Ok(config) => {
            let _ = config.release_image();
            for (name, environment) in &config.environments {
                let _ = config.environment(name).is_ok();
                for component in config.components.keys() {
                    let _ = config.image(environment, component);
                }
                for gate in environment.gates() {
                    let _ = config.signer(environment, &gate);
                }
            }
        }
        Err(error) => drop(error.to_string()),
    }
});
