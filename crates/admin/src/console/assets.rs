//! Style and scripts: part of the binary, served under a name that holds their hash, so a browser keeps them for good.
//!
//! Third-party files are listed in `docs/third-party.md`.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

/// A file that pages name.
#[derive(Debug)]
pub struct Asset {
    pub content_type: &'static str,
    pub content: &'static str,
    /// Where it is served: `/assets/console.1f2e3d4c.css`.
    pub path: String,
}

/// All files that pages name.
#[derive(Debug)]
pub struct Assets {
    pub css: Asset,
    pub htmx: Asset,
    pub htmx_sse: Asset,
    pub keys: Asset,
    pub icon: Asset,
}

/// The files of this build.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    const CSS: &str = "text/css; charset=utf-8";
    const JS: &str = "text/javascript; charset=utf-8";
    Assets {
        css: asset("console", "css", CSS, include_str!("assets/console.css")),
        htmx: asset("htmx", "js", JS, include_str!("assets/htmx-2.0.11.min.js")),
        htmx_sse: asset("htmx-sse", "js", JS, include_str!("assets/htmx-ext-sse-2.2.4.min.js")),
        keys: asset("keys", "js", JS, include_str!("assets/keys.js")),
        icon: asset("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")),
    }
});

fn asset(name: &str, ending: &str, content_type: &'static str, content: &'static str) -> Asset {
    let digest = Sha256::digest(content);
    let hash = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    Asset { content_type, content, path: format!("/assets/{name}.{hash:08x}.{ending}") }
}

impl Assets {
    /// The file at a path.
    pub fn at(&self, path: &str) -> Option<&Asset> {
        [&self.css, &self.htmx, &self.htmx_sse, &self.keys, &self.icon]
            .into_iter()
            .find(|asset| asset.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linear light of one channel (WCAG 2.2, relative luminance).
    fn linear(channel: u8) -> f64 {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    }

    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| linear(u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// A colour of the style, light and dark.
    fn token(name: &str) -> [String; 2] {
        let mark = format!("--{name}: light-dark(");
        let rest = ASSETS.css.content.split(&mark).nth(1).unwrap_or_else(|| panic!("no {name}"));
        let (light, dark) = rest.split(')').next().unwrap().split_once(", ").unwrap();
        [light.to_owned(), dark.to_owned()]
    }

    fn assert_contrast(front: &str, grounds: &[&str], least: f64) {
        for ground in grounds {
            for (theme, (front_colour, ground_colour)) in
                token(front).iter().zip(token(ground)).enumerate()
            {
                let ratio = contrast(front_colour, &ground_colour);
                let theme = ["light", "dark"][theme];
                assert!(ratio >= least, "{front} on {ground}, {theme}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn every_text_can_be_read_on_its_ground_in_both_themes() {
        for text in ["ink", "ink-2", "ink-3", "accent", "ok", "warn", "bad", "run", "idle"] {
            assert_contrast(text, &["bg", "surface"], 4.5);
        }
        for status in ["ok", "warn", "bad", "run", "idle"] {
            assert_contrast(status, &[&format!("{status}-weak")], 4.5);
        }
        for text in ["ink", "ink-2"] {
            assert_contrast(
                text,
                &["sunken", "accent-weak", "warn-weak", "bad-weak", "ok-weak"],
                4.5,
            );
        }
        assert_contrast("accent-on", &["accent"], 4.5);
        assert_contrast("accent", &["accent-weak", "sunken"], 4.5);
    }

    #[test]
    fn bars_and_borders_of_controls_stand_out_in_both_themes() {
        for bar in ["bar", "bar-good", "bar-ok", "bar-bad", "bar-warn", "bar-idle", "line-strong"] {
            assert_contrast(bar, &["surface"], 3.0);
        }
    }

    #[test]
    fn the_files_name_nothing_outside() {
        for asset in [&ASSETS.css, &ASSETS.keys] {
            assert!(!asset.content.contains("//"), "{}", asset.path);
        }
        assert!(!ASSETS.css.content.contains("url(") && !ASSETS.css.content.contains("@import"));
    }

    #[test]
    fn a_file_is_found_under_its_hash_only() {
        assert!(ASSETS.at(&ASSETS.css.path).is_some());
        assert!(ASSETS.at("/assets/console.css").is_none());
        assert!(ASSETS.keys.content.len() <= 3 * 1024, "{}", ASSETS.keys.content.len());
    }
}
