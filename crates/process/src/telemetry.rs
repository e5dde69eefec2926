//! Logs go to standard error, one line an event.

use std::io::{self, IsTerminal as _};
use std::panic;

use tracing::{Event, Subscriber, error};
use tracing_subscriber::Layer as _;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{self, FmtContext, FormatEvent};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::{LogArgs, LogFormat};

/// Starts logging for the whole process, panics included.
///
/// JSON lines carry `service_name` as `service`; text lines do not. An error means that logging was started before.
pub fn init(service_name: &'static str, settings: &LogArgs) -> Result<(), TryInitError> {
    let layer = fmt::layer().with_writer(io::stderr);
    let layer = match settings.log_format {
        LogFormat::Text if io::stderr().is_terminal() => layer.compact().boxed(),
        LogFormat::Text => layer.compact().with_ansi(false).boxed(),
        LogFormat::Json => layer
            .json()
            .map_event_format(|json| NamedJson { service_name, json: json.flatten_event(true) })
            .boxed(),
    };
    tracing_subscriber::registry().with(settings.log.clone()).with(layer).try_init()?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The default hook prints lines that no reader of JSON logs understands.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    error!(panic.location = location, "panicked: {message}");
}

/// JSON lines that begin with the name of the service.
struct NamedJson {
    service_name: &'static str,
    json: Format<Json>,
}

impl<S> FormatEvent<S, JsonFields> for NamedJson
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut line = String::new();
        self.json.format_event(context, Writer::new(&mut line), event)?;
        let fields = line.strip_prefix('{').unwrap_or(&line);
        write!(writer, "{{\"service\":\"{}\",{fields}", self.service_name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::info;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no writer panics").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_line_is_one_object_with_the_service_and_the_fields() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer =
            fmt::layer().json().with_writer(move || writer.clone()).map_event_format(|json| {
                NamedJson { service_name: "hookyard-test", json: json.flatten_event(true) }
            });
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            info!(event.id = "e\"1\n", "accepted");
        });

        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1);
        let line: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(line["service"], "hookyard-test");
        assert_eq!(line["message"], "accepted");
        assert_eq!(line["event.id"], "e\"1\n");
        assert_eq!(line["level"], "INFO");
    }
}
