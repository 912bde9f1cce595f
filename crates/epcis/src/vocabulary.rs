//! The vocabularies of CBV 2.0 and of the GS1 Web Vocabulary that EPCIS 2.0
//! names by bare words.

/// The namespace of EPCIS terms.
pub(crate) const EPCIS: &str = "https://ref.gs1.org/epcis/";
/// The namespace of CBV terms.
pub(crate) const CBV: &str = "https://ref.gs1.org/cbv/";
/// The one namespace in which terms of the GS1 Web Vocabulary are signed.
pub(crate) const GS1: &str = "https://ref.gs1.org/voc/";
/// Other published names of [`GS1`]; member names and vocabulary values that
/// begin with one are rewritten.
pub(crate) const GS1_ALIASES: [&str; 5] = [
    "https://gs1.org/voc/",
    "http://gs1.org/voc/",
    "https://www.gs1.org/voc/",
    "http://www.gs1.org/voc/",
    "http://ref.gs1.org/voc/",
];

/// The words that one standard field may bear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    /// What the words are, for messages.
    pub(crate) title: &'static str,
    /// What stands before a word in its web URI, its canonical form.
    pub(crate) iri: &'static str,
    /// What stands before it in the URN of CBV 1.x, where there was one.
    pub(crate) urn: Option<&'static str>,
    /// The words, sorted by their bytes.
    pub(crate) words: &'static [&'static str],
}

impl Vocabulary {
    /// Says whether this is a word of the vocabulary.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.binary_search(&word).is_ok()
    }

    /// Returns the bare word of a canonical URI, if it is one of the words.
    pub(crate) fn bare<'a>(&self, uri: &'a str) -> Option<&'a str> {
        uri.strip_prefix(self.iri).filter(|word| self.has(word))
    }
}

/// Words for a business step.
pub(crate) static BIZ_STEP: Vocabulary = Vocabulary {
    title: "business step",
    iri: "https://ref.gs1.org/cbv/BizStep-",
    urn: Some("urn:epcglobal:cbv:bizstep:"),
    words: &[
        "accepting",
        "arriving",
        "assembling",
        "collecting",
        "commissioning",
        "consigning",
        "creating_class_instance",
        "cycle_counting",
        "decommissioning",
        "departing",
        "destroying",
        "disassembling",
        "dispensing",
        "encoding",
        "entering_exiting",
        "holding",
        "inspecting",
        "installing",
        "killing",
        "loading",
        "other",
        "packing",
        "picking",
        "receiving",
        "removing",
        "repackaging",
        "repairing",
        "replacing",
        "reserving",
        "retail_selling",
        "sampling",
        "sensor_reporting",
        "shipping",
        "staging_outbound",
        "stock_taking",
        "stocking",
        "storing",
        "transporting",
        "unloading",
        "unpacking",
        "void_shipping",
    ],
};

/// Words for a disposition.
pub(crate) static DISPOSITION: Vocabulary = Vocabulary {
    title: "disposition",
    iri: "https://ref.gs1.org/cbv/Disp-",
    urn: Some("urn:epcglobal:cbv:disp:"),
    words: &[
        "active",
        "available",
        "completeness_inferred",
        "completeness_verified",
        "conformant",
        "container_closed",
        "container_open",
        "damaged",
        "destroyed",
        "dispensed",
        "disposed",
        "encoded",
        "expired",
        "in_progress",
        "in_transit",
        "inactive",
        "mismatch_class",
        "mismatch_instance",
        "mismatch_quantity",
        "needs_replacement",
        "no_pedigree_match",
        "non_conformant",
        "non_sellable_other",
        "partially_dispensed",
        "recalled",
        "reserved",
        "retail_sold",
        "returned",
        "sellable_accessible",
        "sellable_not_accessible",
        "stolen",
        "unavailable",
        "unknown",
    ],
};

/// Words for a business transaction type.
pub(crate) static BIZ_TRANSACTION_TYPE: Vocabulary = Vocabulary {
    title: "business transaction type",
    iri: "https://ref.gs1.org/cbv/BTT-",
    urn: Some("urn:epcglobal:cbv:btt:"),
    words: &[
        "bol",
        "cert",
        "desadv",
        "inv",
        "pedigree",
        "po",
        "poc",
        "prodorder",
        "recadv",
        "rma",
        "testprd",
        "testres",
        "upevt",
    ],
};

/// Words for a source or destination type.
pub(crate) static SOURCE_DESTINATION_TYPE: Vocabulary = Vocabulary {
    title: "source or destination type",
    iri: "https://ref.gs1.org/cbv/SDT-",
    urn: Some("urn:epcglobal:cbv:sdt:"),
    words: &["location", "owning_party", "possessing_party"],
};

/// Words for a error reason.
pub(crate) static ERROR_REASON: Vocabulary = Vocabulary {
    title: "error reason",
    iri: "https://ref.gs1.org/cbv/ER-",
    urn: Some("urn:epcglobal:cbv:er:"),
    words: &["did_not_occur", "incorrect_data"],
};

/// Words for a component.
pub(crate) static COMPONENT: Vocabulary = Vocabulary {
    title: "component",
    iri: "https://ref.gs1.org/cbv/Comp-",
    urn: None,
    words: &[
        "altitude",
        "axial_distance",
        "azimuth",
        "easting",
        "elevation_angle",
        "height",
        "latitude",
        "longitude",
        "northing",
        "polar_angle",
        "spherical_radius",
        "x",
        "y",
        "z",
    ],
};

/// Words for a measurement type.
pub(crate) static MEASUREMENT_TYPE: Vocabulary = Vocabulary {
    title: "measurement type",
    iri: "https://ref.gs1.org/voc/",
    urn: None,
    words: &[
        "AbsoluteHumidity",
        "AbsorbedDose",
        "AbsorbedDoseRate",
        "Acceleration",
        "Altitude",
        "AmountOfSubstance",
        "AmountOfSubstancePerUnitVolume",
        "Angle",
        "AngularAcceleration",
        "AngularMomentum",
        "AngularVelocity",
        "Area",
        "Capacitance",
        "Conductance",
        "Conductivity",
        "Count",
        "Density",
        "Dimensionless",
        "DoseEquivalent",
        "DoseEquivalentRate",
        "DynamicViscosity",
        "ElectricCharge",
        "ElectricCurrent",
        "ElectricCurrentDensity",
        "ElectricFieldStrength",
        "Energy",
        "Exposure",
        "Force",
        "Frequency",
        "Illuminance",
        "Inductance",
        "Irradiance",
        "KinematicViscosity",
        "Length",
        "LinearMomentum",
        "Luminance",
        "LuminousFlux",
        "LuminousIntensity",
        "MagneticFlux",
        "MagneticFluxDensity",
        "MagneticVectorPotential",
        "Mass",
        "MassConcentration",
        "MassFlowRate",
        "MassPerAreaTime",
        "MemoryCapacity",
        "MolalityOfSolute",
        "MolarEnergy",
        "MolarMass",
        "MolarVolume",
        "Power",
        "Pressure",
        "RadiantFlux",
        "RadiantIntensity",
        "Radioactivity",
        "RelativeHumidity",
        "Resistance",
        "Resistivity",
        "SolidAngle",
        "SpecificVolume",
        "Speed",
        "SurfaceDensity",
        "SurfaceTension",
        "Temperature",
        "Time",
        "Torque",
        "Voltage",
        "Volume",
        "VolumeFlowRate",
        "VolumeFraction",
        "VolumetricFlux",
        "Wavenumber",
    ],
};

/// Words for a sensor alert type.
pub(crate) static SENSOR_ALERT_TYPE: Vocabulary = Vocabulary {
    title: "sensor alert type",
    iri: "https://ref.gs1.org/voc/",
    urn: None,
    words: &["ALARM_CONDITION", "ERROR_CONDITION"],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_and_complete() {
        for (vocabulary, count) in [
            (&BIZ_STEP, 41),
            (&DISPOSITION, 33),
            (&BIZ_TRANSACTION_TYPE, 13),
            (&SOURCE_DESTINATION_TYPE, 3),
            (&ERROR_REASON, 2),
            (&COMPONENT, 14),
            (&MEASUREMENT_TYPE, 72),
            (&SENSOR_ALERT_TYPE, 2),
        ] {
            assert_eq!(vocabulary.words.len(), count, "{}", vocabulary.title);
            assert!(vocabulary.words.is_sorted(), "{}", vocabulary.title);
        }
    }
}
