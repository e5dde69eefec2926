//! What the console knows of each kind of connection: its words, where its provider explains it, what its test does.

use hookyard_domain::connection::ConnectionKind;

/// A kind as pages speak of it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) is: ConnectionKind,
    pub(super) title: &'static str,
    /// Two letters in the place of a picture.
    pub(super) letters: &'static str,
    /// What becomes of an event there.
    pub(super) does: &'static str,
    pub(super) url: Url,
    /// The provider's own page about it: words and address.
    pub(super) docs: (&'static str, &'static str),
    /// What the test does, step by step; saving comes after.
    pub(super) test: [&'static str; 2],
}

/// The field that holds the receiver's URL.
#[derive(Debug)]
pub(super) struct Url {
    pub(super) label: &'static str,
    pub(super) placeholder: &'static str,
    pub(super) hint: &'static str,
}

/// All of them, in the order in which they are offered.
pub(super) const KINDS: [&Kind; 3] = [&WEBHOOK, &SLACK, &DISCORD];

/// What there is to say of a kind.
pub(super) const fn of(kind: ConnectionKind) -> &'static Kind {
    match kind {
        ConnectionKind::Webhook => &WEBHOOK,
        ConnectionKind::Slack => &SLACK,
        ConnectionKind::Discord => &DISCORD,
    }
}

const WEBHOOK: Kind = Kind {
    is: ConnectionKind::Webhook,
    title: "Webhook",
    letters: "WH",
    does: "Signed calls to your own HTTPS endpoint.",
    url: Url {
        label: "URL of the endpoint",
        placeholder: "https://hooks.example.com/yard",
        hint: "Where each event is posted as JSON. It is kept sealed and never shown again.",
    },
    docs: ("How such calls are verified", "https://www.standardwebhooks.com/"),
    test: [
        "Posts one signed sample of the type test to the URL.",
        "Reads the answer: any 2xx within the time limit is a yes.",
    ],
};

const SLACK: Kind = Kind {
    is: ConnectionKind::Slack,
    title: "Slack",
    letters: "SL",
    does: "Messages to one channel.",
    url: Url {
        label: "URL of the incoming webhook",
        placeholder: "https://hooks.slack.com/services/…",
        hint: "Whoever has this URL can post to the channel: it is kept sealed and never shown again.",
    },
    docs: (
        "Make one in Slack",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/",
    ),
    test: [
        "Posts one message to the channel that says this workspace was connected.",
        "Reads the answer: Slack says ok where it took the message.",
    ],
};

const DISCORD: Kind = Kind {
    is: ConnectionKind::Discord,
    title: "Discord",
    letters: "DC",
    does: "Messages to one channel.",
    url: Url {
        label: "URL of the webhook",
        placeholder: "https://discord.com/api/webhooks/…",
        hint: "Whoever has this URL can post to the channel: it is kept sealed and never shown again.",
    },
    docs: (
        "Make one in Discord",
        "https://support.discord.com/hc/en-us/articles/228383668-Intro-to-Webhooks",
    ),
    test: [
        "Posts one message to the channel that says this workspace was connected.",
        "Reads the answer: Discord gives back the message that it took.",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_offered_under_its_own_name() {
        for kind in ConnectionKind::ALL {
            assert_eq!(of(*kind).is, *kind);
            assert_eq!(KINDS.iter().filter(|it| it.is == *kind).count(), 1, "{kind}");
        }
    }
}
