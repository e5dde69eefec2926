//! How large the window is and which colours its owner prefers, and pictures of it.

use serde_json::json;

use super::Browser;
use super::command::DevTools;

/// The size of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// 1440 by 900.
    #[default]
    Desk,
    /// 390 by 844, a phone held upright.
    Phone,
}

/// The colours that the window's owner prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    #[default]
    Light,
    Dark,
}

/// How a window looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    pub size: Size,
    pub scheme: Scheme,
}

impl Size {
    const fn pixels(self) -> (u32, u32) {
        match self {
            Self::Desk => (1440, 900),
            Self::Phone => (390, 844),
        }
    }
}

impl Browser {
    /// Changes how the window looks; the page that is shown follows. Motion is reduced, so that pictures hold still.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn look(&self, look: Look) {
        // A window cannot be made narrower than 500 pixels; a device can.
        let (width, height) = look.size.pixels();
        let mobile = look.size == Size::Phone;
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        let scheme = if look.scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        let media = json!({ "features": features });
        let metrics = DevTools { method: "Emulation.setDeviceMetricsOverride", params: metrics };
        self.issue(metrics).await;
        self.issue(DevTools { method: "Emulation.setEmulatedMedia", params: media }).await;
    }

    /// The window as a PNG.
    ///
    /// # Panics
    /// When the browser gives none.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("the browser gives a picture")
    }
}
