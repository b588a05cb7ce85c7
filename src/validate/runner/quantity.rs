//! Amounts as docker and Kubernetes read them.

/// Bytes, in docker's spelling: `512m`, `2 GiB`; nothing where docker refuses the text.
pub(super) fn docker(text: &str) -> Option<f64> {
    let digits = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')?;
    let (number, unit) = text.split_at(digits + 1);
    let number: f64 = number.strip_suffix(' ').unwrap_or(number).parse().ok()?;
    let unit = unit.to_ascii_lowercase();
    let mut letters = unit.chars();
    let factor = match letters.next() {
        None => 1.0,
        Some('b') if unit.len() == 1 => 1.0,
        Some(letter) => 1024_f64.powi(power(letter)?),
    };
    let rest = letters.as_str();
    (number >= 0.0 && number.is_finite() && matches!(rest, "" | "b" | "ib"))
        .then_some(number * factor)
}

fn power(letter: char) -> Option<i32> {
    Some(match letter {
        'k' => 1,
        'm' => 2,
        'g' => 3,
        't' => 4,
        'p' => 5,
        _ => return None,
    })
}

/// A number or a fraction: `1.5`, `3/2`.
pub(super) fn rational(text: &str) -> Option<f64> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match text.split_once('/') {
        Some((above, below)) => {
            let below = number(below).filter(|below| *below != 0.0)?;
            Some(number(above)? / below)
        }
        None => number(text),
    }
}

/// An amount in Kubernetes' spelling: `500m`, `2Gi`, `1e3`.
pub(super) fn kubernetes(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')));
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let number: f64 = number.parse().ok()?;
    let factor = match unit {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024_f64,
        "Mi" => 1024_f64.powi(2),
        "Gi" => 1024_f64.powi(3),
        "Ti" => 1024_f64.powi(4),
        "Pi" => 1024_f64.powi(5),
        "Ei" => 1024_f64.powi(6),
        exponent => {
            let exponent = exponent.strip_prefix(['e', 'E'])?;
            10_f64.powi(exponent.parse::<i8>().ok()?.into())
        }
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_their_readers_do() {
        const MIB: f64 = 1024.0 * 1024.0;
        for (text, bytes) in [
            ("512m", Some(512.0 * MIB)),
            ("1.5g", Some(1536.0 * MIB)),
            ("2 GiB", Some(2048.0 * MIB)),
            ("1024", Some(1024.0)),
            ("10b", Some(10.0)),
            ("10bb", None),
            ("2gigs", None),
            ("2gbi", None),
            ("-1", None),
            ("m", None),
            ("", None),
        ] {
            assert_eq!(docker(text), bytes, "{text}");
        }
        for (text, amount) in [
            ("500m", Some(0.5)),
            ("2Gi", Some(2048.0 * MIB)),
            ("1e3", Some(1000.0)),
            ("2gb", None),
            ("2 Gi", None),
            ("", None),
            ("lots", None),
        ] {
            assert_eq!(kubernetes(text), amount, "{text}");
        }
        assert_eq!(rational("3/2"), Some(1.5));
        assert_eq!(rational("1/0"), None);
        assert_eq!(rational("two"), None);
    }
}
