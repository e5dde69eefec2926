//! Keeps a session running: opens a connection, runs a session on it until it ends, waits, starts again.

use hookyard_process::Stop;
use lapin::options::ConfirmSelectOptions;
use tokio::{sync::watch, time::sleep};

use super::{
    lanes::{Exits, UnconfirmedSink},
    session::{CONFIRM_LIMIT, LINK, Session},
};
use crate::{
    error::{BrokerError, within},
    link::{Link, Waits},
    metrics,
    settings::BrokerSettings,
};

pub(crate) struct Supervisor {
    pub(crate) settings: BrokerSettings,
    pub(crate) exits: Exits,
    pub(crate) unconfirmed: UnconfirmedSink,
    pub(crate) connected: watch::Sender<bool>,
    pub(crate) stop: Stop,
}

impl Supervisor {
    pub(crate) async fn run(mut self) {
        let mut waits = Waits::new();
        metrics::connected(LINK).set(0.0);
        while !self.stop.is_stopping() {
            let Some(opened) = self.stop.run_until_stopped(self.open()).await else {
                break;
            };
            match opened {
                Ok(link) => {
                    waits.opened();
                    self.run_session(link).await;
                }
                Err(error) => self.report_lost(&error),
            }
            // A short interruption is bridged by the lanes. Whatever outlasts one attempt is PostgreSQL's.
            if !self.stop.is_stopping() {
                let wait = waits.next();
                self.stop.run_until_stopped(sleep(wait)).await;
            }
        }
        self.exits.close();
        self.exits.empty_into(&self.unconfirmed);
    }

    async fn open(&self) -> Result<Link, BrokerError> {
        let link = Link::open(&self.settings, "hookyard publisher").await?;
        let confirming = link.channel.confirm_select(ConfirmSelectOptions::default());
        within(CONFIRM_LIMIT, "confirm publications", confirming).await?;
        Ok(link)
    }

    async fn run_session(&mut self, link: Link) {
        tracing::info!("publishing to RabbitMQ");
        let session = Session::new(
            &link,
            &self.settings,
            &mut self.exits,
            &self.unconfirmed,
            &self.connected,
        );
        let ended = session.run(&self.stop).await;
        self.connected.send_replace(false);
        metrics::connected(LINK).set(0.0);
        if let Err(error) = ended {
            metrics::lost_connections(LINK).increment(1);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the connection for publishing is given up"
            );
        }
        link.close().await;
    }

    fn report_lost(&mut self, error: &BrokerError) {
        metrics::lost_connections(LINK).increment(1);
        tracing::warn!(
            error = error as &dyn std::error::Error,
            "no connection to RabbitMQ for publishing"
        );
        self.exits.empty_into(&self.unconfirmed);
    }
}
