//! Units of measure of UN/CEFACT Recommendation 20, as far as the measurement
//! types of the GS1 Web Vocabulary are counted in them.

use std::cmp::Ordering;

/// A unit: what it measures, and how it becomes the coherent unit of that.
struct Unit {
    code: &'static str,
    /// Units of one group convert into each other.
    group: Group,
    factor: f64,
    /// What is added after the factor; only temperatures have it.
    offset: f64,
}

/// What units measure. Kinds of the same dimension that do not convert into
/// each other in practice (torque and energy) are groups of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Group {
    AbsorbedDose,
    Acceleration,
    Amount,
    AmountPerVolume,
    Angle,
    AngularAcceleration,
    AngularVelocity,
    Area,
    Capacitance,
    Charge,
    Conductance,
    Conductivity,
    Count,
    Current,
    CurrentDensity,
    Density,
    DoseEquivalent,
    DynamicViscosity,
    ElectricField,
    Energy,
    Exposure,
    Force,
    Frequency,
    Illuminance,
    Inductance,
    Irradiance,
    KinematicViscosity,
    Length,
    Luminance,
    LuminousFlux,
    LuminousIntensity,
    MagneticFlux,
    MagneticFluxDensity,
    Mass,
    MassFlow,
    Memory,
    MolarMass,
    Power,
    Pressure,
    Radioactivity,
    Ratio,
    Resistance,
    Resistivity,
    SolidAngle,
    SpecificVolume,
    Speed,
    SurfaceDensity,
    Temperature,
    Time,
    Torque,
    Voltage,
    Volume,
    VolumeFlow,
    Wavenumber,
}

const fn unit(code: &'static str, group: Group, factor: f64) -> Unit {
    Unit {
        code,
        group,
        factor,
        offset: 0.0,
    }
}

const fn degree(code: &'static str, factor: f64, offset: f64) -> Unit {
    Unit {
        code,
        group: Group::Temperature,
        factor,
        offset,
    }
}

const PI: f64 = std::f64::consts::PI;
const POUND: f64 = 0.453_592_37;
const INCH: f64 = 0.025_4;
const FOOT: f64 = 0.304_8;
const GALLON_US: f64 = 0.003_785_411_784;
const GALLON_UK: f64 = 0.004_546_09;
const GRAVITY: f64 = 9.806_65;
/// The density of water and mercury by which heights of them tell pressures.
const MERCURY_MM: f64 = 133.322_4;
const WATER_MM: f64 = 9.806_65;

use Group as G;

/// The units, by the quantity they measure.
static UNITS: &[Unit] = &[
    degree("KEL", 1.0, 0.0),
    degree("CEL", 1.0, 273.15),
    degree("FAH", 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    degree("A48", 5.0 / 9.0, 0.0),
    unit("KGM", G::Mass, 1.0),
    unit("GRM", G::Mass, 1e-3),
    unit("MGM", G::Mass, 1e-6),
    unit("MC", G::Mass, 1e-9),
    unit("DG", G::Mass, 1e-4),
    unit("CGM", G::Mass, 1e-5),
    unit("HGM", G::Mass, 0.1),
    unit("DTN", G::Mass, 100.0),
    unit("TNE", G::Mass, 1_000.0),
    unit("KTN", G::Mass, 1e6),
    unit("2U", G::Mass, 1_000.0),
    unit("LBR", G::Mass, POUND),
    unit("ONZ", G::Mass, POUND / 16.0),
    unit("APZ", G::Mass, 0.031_103_476_8),
    unit("GRN", G::Mass, 64.798_91e-6),
    unit("STI", G::Mass, 14.0 * POUND),
    unit("STN", G::Mass, 2_000.0 * POUND),
    unit("LTN", G::Mass, 2_240.0 * POUND),
    unit("CWA", G::Mass, 100.0 * POUND),
    unit("CWI", G::Mass, 112.0 * POUND),
    unit("CTM", G::Mass, 2e-4),
    unit("MTR", G::Length, 1.0),
    unit("KMT", G::Length, 1_000.0),
    unit("DMT", G::Length, 0.1),
    unit("CMT", G::Length, 0.01),
    unit("MMT", G::Length, 1e-3),
    unit("4H", G::Length, 1e-6),
    unit("C45", G::Length, 1e-9),
    unit("INH", G::Length, INCH),
    unit("FOT", G::Length, FOOT),
    unit("YRD", G::Length, 3.0 * FOOT),
    unit("SMI", G::Length, 1_609.344),
    unit("NMI", G::Length, 1_852.0),
    unit("MTK", G::Area, 1.0),
    unit("KMK", G::Area, 1e6),
    unit("DMK", G::Area, 1e-2),
    unit("CMK", G::Area, 1e-4),
    unit("MMK", G::Area, 1e-6),
    unit("HAR", G::Area, 1e4),
    unit("ARE", G::Area, 100.0),
    unit("ACR", G::Area, 4_046.856_422_4),
    unit("INK", G::Area, INCH * INCH),
    unit("FTK", G::Area, FOOT * FOOT),
    unit("YDK", G::Area, 9.0 * FOOT * FOOT),
    unit("MIK", G::Area, 1_609.344 * 1_609.344),
    unit("MTQ", G::Volume, 1.0),
    unit("LTR", G::Volume, 1e-3),
    unit("DLT", G::Volume, 1e-4),
    unit("CLT", G::Volume, 1e-5),
    unit("MLT", G::Volume, 1e-6),
    unit("4G", G::Volume, 1e-9),
    unit("HLT", G::Volume, 0.1),
    unit("DMQ", G::Volume, 1e-3),
    unit("CMQ", G::Volume, 1e-6),
    unit("MMQ", G::Volume, 1e-9),
    unit("INQ", G::Volume, INCH * INCH * INCH),
    unit("FTQ", G::Volume, FOOT * FOOT * FOOT),
    unit("YDQ", G::Volume, 27.0 * FOOT * FOOT * FOOT),
    unit("GLL", G::Volume, GALLON_US),
    unit("QT", G::Volume, GALLON_US / 4.0),
    unit("PT", G::Volume, GALLON_US / 8.0),
    unit("OZA", G::Volume, GALLON_US / 128.0),
    unit("GLI", G::Volume, GALLON_UK),
    unit("PTI", G::Volume, GALLON_UK / 8.0),
    unit("OZI", G::Volume, GALLON_UK / 160.0),
    unit("BLL", G::Volume, 42.0 * GALLON_US),
    unit("SEC", G::Time, 1.0),
    unit("C26", G::Time, 1e-3),
    unit("B98", G::Time, 1e-6),
    unit("C47", G::Time, 1e-9),
    unit("MIN", G::Time, 60.0),
    unit("HUR", G::Time, 3_600.0),
    unit("DAY", G::Time, 86_400.0),
    unit("WEE", G::Time, 604_800.0),
    unit("PAL", G::Pressure, 1.0),
    unit("A97", G::Pressure, 100.0),
    unit("KPA", G::Pressure, 1_000.0),
    unit("MPA", G::Pressure, 1e6),
    unit("A89", G::Pressure, 1e9),
    unit("74", G::Pressure, 1e-3),
    unit("BAR", G::Pressure, 1e5),
    unit("MBR", G::Pressure, 100.0),
    unit("ATM", G::Pressure, 101_325.0),
    unit("ATT", G::Pressure, 98_066.5),
    unit("PS", G::Pressure, POUND * GRAVITY / (INCH * INCH)),
    unit("UA", G::Pressure, 133.322_368_421),
    unit("HN", G::Pressure, MERCURY_MM),
    unit("HP", G::Pressure, WATER_MM),
    unit("P1", G::Ratio, 0.01),
    unit("NX", G::Ratio, 1e-3),
    unit("59", G::Ratio, 1e-6),
    unit("61", G::Ratio, 1e-9),
    unit("C62", G::Count, 1.0),
    unit("H87", G::Count, 1.0),
    unit("EA", G::Count, 1.0),
    unit("PR", G::Count, 2.0),
    unit("DZN", G::Count, 12.0),
    unit("CEN", G::Count, 100.0),
    unit("GRO", G::Count, 144.0),
    unit("MIL", G::Count, 1_000.0),
    unit("MTS", G::Speed, 1.0),
    unit("KMH", G::Speed, 1.0 / 3.6),
    unit("C16", G::Speed, 1e-3),
    unit("2M", G::Speed, 0.01),
    unit("HM", G::Speed, 0.447_04),
    unit("FS", G::Speed, FOOT),
    unit("KNT", G::Speed, 1_852.0 / 3_600.0),
    unit("MSK", G::Acceleration, 1.0),
    unit("K40", G::Acceleration, GRAVITY),
    unit("A76", G::Acceleration, 0.01),
    unit("A73", G::Acceleration, FOOT),
    unit("HTZ", G::Frequency, 1.0),
    unit("KHZ", G::Frequency, 1e3),
    unit("MHZ", G::Frequency, 1e6),
    unit("A86", G::Frequency, 1e9),
    unit("JOU", G::Energy, 1.0),
    unit("KJO", G::Energy, 1e3),
    unit("3B", G::Energy, 1e6),
    unit("WHR", G::Energy, 3.6e3),
    unit("KWH", G::Energy, 3.6e6),
    unit("MWH", G::Energy, 3.6e9),
    unit("E14", G::Energy, 4_186.8),
    unit("K53", G::Energy, 4_184.0),
    unit("BTU", G::Energy, 1_055.056),
    unit("A53", G::Energy, 1.602_176_634e-19),
    unit("WTT", G::Power, 1.0),
    unit("C31", G::Power, 1e-3),
    unit("KWT", G::Power, 1e3),
    unit("MAW", G::Power, 1e6),
    unit("NEW", G::Force, 1.0),
    unit("B47", G::Force, 1e3),
    unit("B51", G::Force, 1e6),
    unit("DU", G::Force, 1e-5),
    unit("C78", G::Force, POUND * GRAVITY),
    unit("NU", G::Torque, 1.0),
    unit("B48", G::Torque, 1e3),
    unit("D83", G::Torque, 1e-3),
    unit("AMP", G::Current, 1.0),
    unit("4K", G::Current, 1e-3),
    unit("B84", G::Current, 1e-6),
    unit("B22", G::Current, 1e3),
    unit("A41", G::CurrentDensity, 1.0),
    unit("VLT", G::Voltage, 1.0),
    unit("2Z", G::Voltage, 1e-3),
    unit("D82", G::Voltage, 1e-6),
    unit("KVT", G::Voltage, 1e3),
    unit("D50", G::ElectricField, 1.0),
    unit("OHM", G::Resistance, 1.0),
    unit("E45", G::Resistance, 1e-3),
    unit("B49", G::Resistance, 1e3),
    unit("B75", G::Resistance, 1e6),
    unit("C61", G::Resistivity, 1.0),
    unit("SIE", G::Conductance, 1.0),
    unit("C27", G::Conductance, 1e-3),
    unit("B99", G::Conductance, 1e-6),
    unit("D10", G::Conductivity, 1.0),
    unit("H61", G::Conductivity, 0.1),
    unit("G42", G::Conductivity, 1e-4),
    unit("COU", G::Charge, 1.0),
    unit("AMH", G::Charge, 3_600.0),
    unit("E09", G::Charge, 3.6),
    unit("FAR", G::Capacitance, 1.0),
    unit("4O", G::Capacitance, 1e-6),
    unit("C41", G::Capacitance, 1e-9),
    unit("4T", G::Capacitance, 1e-12),
    unit("81", G::Inductance, 1.0),
    unit("C14", G::Inductance, 1e-3),
    unit("B90", G::Inductance, 1e-6),
    unit("WEB", G::MagneticFlux, 1.0),
    unit("D33", G::MagneticFluxDensity, 1.0),
    unit("C29", G::MagneticFluxDensity, 1e-3),
    unit("D81", G::MagneticFluxDensity, 1e-6),
    unit("LUX", G::Illuminance, 1.0),
    unit("P25", G::Illuminance, 1.0 / (FOOT * FOOT)),
    unit("LUM", G::LuminousFlux, 1.0),
    unit("CDL", G::LuminousIntensity, 1.0),
    unit("A24", G::Luminance, 1.0),
    unit("D54", G::Irradiance, 1.0),
    unit("C34", G::Amount, 1.0),
    unit("C18", G::Amount, 1e-3),
    unit("FH", G::Amount, 1e-6),
    unit("B45", G::Amount, 1e3),
    unit("C36", G::AmountPerVolume, 1.0),
    unit("C38", G::AmountPerVolume, 1e3),
    unit("D74", G::MolarMass, 1.0),
    unit("A94", G::MolarMass, 1e-3),
    unit("KMQ", G::Density, 1.0),
    unit("A93", G::Density, 1e-3),
    unit("GP", G::Density, 1e-6),
    unit("GQ", G::Density, 1e-9),
    unit("23", G::Density, 1e3),
    unit("GL", G::Density, 1.0),
    unit("M1", G::Density, 1e-3),
    unit("B35", G::Density, 1e3),
    unit("28", G::SurfaceDensity, 1.0),
    unit("GM", G::SurfaceDensity, 1e-3),
    unit("A39", G::SpecificVolume, 1.0),
    unit("KGS", G::MassFlow, 1.0),
    unit("E93", G::MassFlow, 1.0 / 3_600.0),
    unit("F31", G::MassFlow, 1.0 / 60.0),
    unit("4M", G::MassFlow, 1e-6 / 3_600.0),
    unit("MQS", G::VolumeFlow, 1.0),
    unit("MQH", G::VolumeFlow, 1.0 / 3_600.0),
    unit("G51", G::VolumeFlow, 1e-3),
    unit("L2", G::VolumeFlow, 1e-3 / 60.0),
    unit("E32", G::VolumeFlow, 1e-3 / 3_600.0),
    unit("C65", G::DynamicViscosity, 1.0),
    unit("C24", G::DynamicViscosity, 1e-3),
    unit("C7", G::DynamicViscosity, 1e-3),
    unit("89", G::DynamicViscosity, 0.1),
    unit("S4", G::KinematicViscosity, 1.0),
    unit("4C", G::KinematicViscosity, 1e-6),
    unit("91", G::KinematicViscosity, 1e-4),
    unit("C81", G::Angle, 1.0),
    unit("C25", G::Angle, 1e-3),
    unit("DD", G::Angle, PI / 180.0),
    unit("D61", G::Angle, PI / 10_800.0),
    unit("D62", G::Angle, PI / 648_000.0),
    unit("A91", G::Angle, PI / 200.0),
    unit("D27", G::SolidAngle, 1.0),
    unit("2A", G::AngularVelocity, 1.0),
    unit("E96", G::AngularVelocity, PI / 180.0),
    unit("RPM", G::AngularVelocity, PI / 30.0),
    unit("RPS", G::AngularVelocity, 2.0 * PI),
    unit("2B", G::AngularAcceleration, 1.0),
    unit("BQL", G::Radioactivity, 1.0),
    unit("2Q", G::Radioactivity, 1e3),
    unit("4N", G::Radioactivity, 1e6),
    unit("GBQ", G::Radioactivity, 1e9),
    unit("CUR", G::Radioactivity, 3.7e10),
    unit("MCU", G::Radioactivity, 3.7e7),
    unit("A95", G::AbsorbedDose, 1.0),
    unit("C13", G::AbsorbedDose, 1e-3),
    unit("C80", G::AbsorbedDose, 0.01),
    unit("D13", G::DoseEquivalent, 1.0),
    unit("C28", G::DoseEquivalent, 1e-3),
    unit("D91", G::DoseEquivalent, 0.01),
    unit("CKG", G::Exposure, 1.0),
    unit("2C", G::Exposure, 2.58e-4),
    unit("C94", G::Wavenumber, 1.0),
    unit("E90", G::Wavenumber, 100.0),
    unit("A99", G::Memory, 1.0),
    unit("AD", G::Memory, 8.0),
    unit("2P", G::Memory, 8e3),
    unit("4L", G::Memory, 8e6),
    unit("E34", G::Memory, 8e9),
];

/// How far two amounts may differ, relative to the larger, and count as equal
/// after a conversion: binary fractions do not keep what factors tell.
const TOLERANCE: f64 = 1e-9;

fn find(code: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.code == code)
}

/// What an amount is: a point on a scale, or a span between two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Amount {
    /// 20 °C is 293.15 K.
    Point,
    /// A deviation of 20 °C is one of 20 K.
    Span,
}

/// Compares an amount with another, each with its unit; `None` where the units
/// do not convert into each other.
pub(super) fn compare(left: (f64, &str), right: (f64, &str), amount: Amount) -> Option<Ordering> {
    if left.1 == right.1 {
        return left.0.partial_cmp(&right.0);
    }
    let (from, to) = (find(left.1)?, find(right.1)?);
    if from.group != to.group {
        return None;
    }
    let base = |value: f64, unit: &Unit| match amount {
        Amount::Point => value.mul_add(unit.factor, unit.offset),
        Amount::Span => value * unit.factor,
    };
    let (left, right) = (base(left.0, from), base(right.0, to));
    if (left - right).abs() <= TOLERANCE * left.abs().max(right.abs()) {
        return Some(Ordering::Equal);
    }
    left.partial_cmp(&right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_once_and_have_the_form_of_the_standard() {
        for (place, unit) in UNITS.iter().enumerate() {
            let again = UNITS[place + 1..]
                .iter()
                .find(|other| other.code == unit.code);
            assert!(again.is_none(), "{} stands twice", unit.code);
            assert!(matches!(unit.code.len(), 2 | 3), "{}", unit.code);
            assert!(
                unit.factor > 0.0 && unit.factor.is_finite(),
                "{}",
                unit.code
            );
        }
    }

    #[test]
    fn amounts_are_converted() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, amount, expected) in [
            ((20.0, "CEL"), (293.15, "KEL"), Amount::Point, Some(Equal)),
            ((68.0, "FAH"), (20.0, "CEL"), Amount::Point, Some(Equal)),
            ((-40.0, "FAH"), (-40.0, "CEL"), Amount::Point, Some(Equal)),
            ((32.1, "FAH"), (0.0, "CEL"), Amount::Point, Some(Greater)),
            ((9.0, "A48"), (5.0, "KEL"), Amount::Point, Some(Equal)),
            ((2.0, "CEL"), (2.0, "KEL"), Amount::Span, Some(Equal)),
            ((1.8, "FAH"), (1.0, "CEL"), Amount::Span, Some(Equal)),
            ((1.0, "TNE"), (1_000.0, "KGM"), Amount::Point, Some(Equal)),
            ((2.2, "LBR"), (1.0, "KGM"), Amount::Point, Some(Less)),
            ((1.0, "BAR"), (100.0, "KPA"), Amount::Point, Some(Equal)),
            ((14.7, "PS"), (1.0, "ATM"), Amount::Point, Some(Greater)),
            ((180.0, "DD"), (PI, "C81"), Amount::Point, Some(Equal)),
            ((60.0, "RPM"), (1.0, "RPS"), Amount::Point, Some(Equal)),
            ((1.0, "KWH"), (3_600.0, "KJO"), Amount::Point, Some(Equal)),
            ((50.0, "P1"), (500.0, "NX"), Amount::Point, Some(Equal)),
            ((1.0, "HAR"), (10_000.0, "MTK"), Amount::Point, Some(Equal)),
            ((1.0, "DZN"), (12.0, "H87"), Amount::Point, Some(Equal)),
            ((1.0, "KGM"), (1.0, "MTR"), Amount::Point, None),
            ((1.0, "JOU"), (1.0, "NU"), Amount::Point, None),
            ((1.0, "XYZ"), (1.0, "KGM"), Amount::Point, None),
            ((1.0, "XYZ"), (2.0, "XYZ"), Amount::Point, Some(Less)),
        ] {
            let found = compare(left, right, amount);
            assert_eq!(found, expected, "{left:?} {right:?}");
            let turned = compare(right, left, amount);
            assert_eq!(
                turned,
                expected.map(Ordering::reverse),
                "{right:?} {left:?}"
            );
        }
    }
}
