//! What is said of the same measurement made several times.

/// The results of several rounds.
#[derive(Debug, Clone, Default)]
pub(super) struct Rounds(Vec<f64>);

impl Rounds {
    pub(super) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Median and range of whole numbers: `12,345 (11,900 .. 12,800)`.
    pub(super) fn whole(&self) -> String {
        self.range(whole)
    }

    /// Median and range with this many decimals.
    pub(super) fn decimals(&self, decimals: usize) -> String {
        self.range(|value| format!("{value:.decimals$}"))
    }

    fn range(&self, text: impl Fn(f64) -> String) -> String {
        match self.0.len() {
            0 => "-".to_owned(),
            1 => text(self.median()),
            _ => format!("{} ({} .. {})", text(self.median()), text(self.min()), text(self.max())),
        }
    }
}

impl FromIterator<f64> for Rounds {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// A whole number with its thousands apart.
pub(super) fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Rounds, whole};

    #[test]
    fn the_median_of_an_even_number_of_rounds_lies_between_the_middle_two() {
        assert!((Rounds::from_iter([4.0, 1.0, 3.0, 2.0]).median() - 2.5).abs() < f64::EPSILON);
        assert_eq!(Rounds::from_iter([3.0, 1.0, 2.0]).whole(), "2 (1 .. 3)");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(whole(1_234_567.0), "1,234,567");
        assert_eq!(whole(999.0), "999");
        assert_eq!(whole(1000.4), "1,000");
    }
}
