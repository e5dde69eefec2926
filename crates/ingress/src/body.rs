//! Reading a body within its bounds: bytes, time, rate and budget.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::time::Instant;

use crate::budget::Charge;
use crate::settings::Limits;

/// How long a body may bring nothing at first, and how much slack the minimum rate leaves it.
const RATE_GRACE: Duration = Duration::from_secs(5);
/// How much room a body gets before its bytes are there.
const ROOM_BYTES_MAX: u64 = 64 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    TooLarge,
    TooSlow,
    BudgetExhausted,
    /// The peer went away, or its framing is broken.
    Broken,
}

/// Reads a body of at most `bytes_max` bytes.
pub(crate) async fn read(
    mut body: Incoming,
    bytes_max: usize,
    limits: &Limits,
    charge: &mut Charge,
) -> Result<Bytes, Unread> {
    let declared = body.size_hint().lower();
    if declared > bytes_max as u64 {
        return Err(Unread::TooLarge);
    }
    let room = usize::try_from(declared.min(ROOM_BYTES_MAX)).unwrap_or_default();
    let mut read = Vec::with_capacity(room);
    let begun = Instant::now();
    loop {
        let deadline = deadline(begun, read.len(), limits);
        let frame = match tokio::time::timeout_at(deadline, body.frame()).await {
            Err(_) => return Err(Unread::TooSlow),
            Ok(None) => return Ok(read.into()),
            Ok(Some(Err(_))) => return Err(Unread::Broken),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue }; // Trailers say nothing that is signed.
        let grown = read.len() + data.len();
        if grown > bytes_max {
            return Err(Unread::TooLarge);
        }
        make_room(&mut read, grown, charge)?;
        read.extend_from_slice(&data);
    }
}

/// Makes room for `grown` bytes. What is charged is the room, not what lies in it.
///
/// A quarter more each time instead of twice as much: a buffer is copied more often, and the memory that is held
/// stays close to the bytes that came.
fn make_room(read: &mut Vec<u8>, grown: usize, charge: &mut Charge) -> Result<(), Unread> {
    if grown <= read.capacity() {
        return Ok(());
    }
    let room = grown + grown / 4;
    charge.grow_to(room).map_err(|_| Unread::BudgetExhausted)?;
    read.reserve_exact(room - read.len());
    Ok(())
}

/// By when the next bytes must be there: the body's whole time, and the minimum rate for what came so far.
fn deadline(begun: Instant, bytes: usize, limits: &Limits) -> Instant {
    let whole = begun + Duration::from_millis(limits.body_ms_max);
    let paced_s = (bytes as u64).checked_div(limits.body_rate_min).unwrap_or(u64::MAX / 4);
    let paced = begun.checked_add(RATE_GRACE + Duration::from_secs(paced_s)).unwrap_or(whole);
    whole.min(paced)
}
