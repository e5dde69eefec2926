//! The record of deliveries, which GitHub's own routes and the control API show.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::simulation::now;

/// Records that are kept; the oldest go first.
const RECORDS_MAX: usize = 5_000;

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReport {
    /// Of this try; names it in `/_sim/deliveries/{id}/redeliver`.
    pub id: i64,
    /// `X-GitHub-Delivery`, the same on every try.
    pub delivery_id: String,
    pub event: String,
    pub outcome: DeliveryOutcome,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The body of the answer, or why there was none.
    pub body: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryOutcome {
    /// Waits for `/_sim/deliveries/order`.
    Held,
    /// Is on its way or will be.
    Scheduled,
    Answered,
    /// No answer in time.
    Failed,
}

/// A delivery that is ready to be sent, again and again.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub(crate) delivery_id: String,
    pub(crate) event: String,
    pub(crate) action: Option<String>,
    pub(crate) hook_id: i64,
    pub(crate) payload: Bytes,
    pub(crate) redelivery: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) report: DeliveryReport,
    pub(crate) prepared: Prepared,
    pub(crate) delivered_at: Timestamp,
    pub(crate) duration: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct DeliveryLog {
    records: VecDeque<Record>,
    last_id: i64,
}

impl DeliveryLog {
    pub(crate) fn add(&mut self, prepared: &Prepared, outcome: DeliveryOutcome) -> DeliveryReport {
        self.last_id += 1;
        let report = DeliveryReport {
            id: self.last_id,
            delivery_id: prepared.delivery_id.clone(),
            event: prepared.event.clone(),
            outcome,
            status: None,
            body: None,
        };
        if self.records.len() == RECORDS_MAX {
            self.records.pop_front();
        }
        let (prepared, duration) = (prepared.clone(), Duration::ZERO);
        self.records.push_back(Record {
            report: report.clone(),
            prepared,
            delivered_at: now(),
            duration,
        });
        report
    }

    pub(crate) fn update(&mut self, report: &DeliveryReport, duration: Duration) {
        if let Some(record) =
            self.records.iter_mut().rev().find(|record| record.report.id == report.id)
        {
            record.report = report.clone();
            record.duration = duration;
        }
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Record> {
        self.records.iter().find(|record| record.report.id == id)
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().rev()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }
}
