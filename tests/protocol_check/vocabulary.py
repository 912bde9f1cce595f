"""The words and terms of chapter 10, as its tables have them."""

EPCIS = "https://ref.gs1.org/epcis/"
GS1 = "https://ref.gs1.org/voc/"
GS1_ALIASES = (
    "https://gs1.org/voc/", "http://gs1.org/voc/", "https://www.gs1.org/voc/",
    "http://www.gs1.org/voc/", "http://ref.gs1.org/voc/",
)
# Spellings of vocabulary values that the JSON binding refuses (§10.6.2).
NOT_IN_JSON = GS1_ALIASES[:4]
CBV_ATTRIBUTES = ("urn:epcglobal:cbv:mda#", "urn:epcglobal:cbv:mda:")
CONTEXT_URLS = {
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
    "https://gs1.github.io/EPCIS/epcis-context.jsonld",
}
PREFIXES = {
    "epcis": EPCIS,
    "cbv": "https://ref.gs1.org/cbv/",
    "gs1": GS1,
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
FIXED_PREFIXES = {"epcis", "cbv", "gs1"}

# Vocabulary: the URI before a word, the URN before it, and the words (§10.6.1).
CBV, URN = "https://ref.gs1.org/cbv/", "urn:epcglobal:cbv:"
VOCABULARIES = {
    "bizStep": (CBV + "BizStep-", URN + "bizstep:", """
        accepting arriving assembling collecting commissioning consigning creating_class_instance
        cycle_counting decommissioning departing destroying disassembling dispensing encoding
        entering_exiting holding inspecting installing killing loading other packing picking
        receiving removing repackaging repairing replacing reserving retail_selling sampling
        sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
        unloading unpacking void_shipping"""),
    "disposition": (CBV + "Disp-", URN + "disp:", """
        active available completeness_inferred completeness_verified conformant container_closed
        container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit
        inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement
        no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved
        retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable
        unknown"""),
    "bizTransactionType": (CBV + "BTT-", URN + "btt:", """
        bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"""),
    "sourceDestinationType": (CBV + "SDT-", URN + "sdt:", "location owning_party possessing_party"),
    "errorReason": (CBV + "ER-", URN + "er:", "did_not_occur incorrect_data"),
    "component": (CBV + "Comp-", None, """
        altitude axial_distance azimuth easting elevation_angle height latitude longitude northing
        polar_angle spherical_radius x y z"""),
    "measurementType": (GS1, None, """
        AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
        AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity
        Area Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent
        DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity
        ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance
        KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity
        MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration
        MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass
        MolarVolume Power Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity
        Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension
        Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux
        Wavenumber"""),
    "sensorAlertType": (GS1, None, "ALARM_CONDITION ERROR_CONDITION"),
}
VOCABULARIES = {n: (u, urn, frozenset(w.split())) for n, (u, urn, w) in VOCABULARIES.items()}
FOREIGN_CBV = (URN, "http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/")


class Term:
    """What a bare name means: an IRI, how values are read, whether as a set."""

    def __init__(self, iri, coercion=None, is_set=False, is_prefix=False, structured=False):
        self.iri, self.coercion, self.is_set = iri, coercion, is_set
        self.is_prefix, self.structured = is_prefix, structured


def standard_terms():
    """The terms of §10.6.3."""
    groups = [
        ((None, False, False), """
            ObjectEvent AggregationEvent TransactionEvent TransformationEvent AssociationEvent
            EPCISDocument EPCISQueryDocument Collection eventTime recordTime eventTimeZoneOffset
            action quantity uom sender receiver instanceIdentifier ilmd epcisHeader masterData
            vocabularyList epcisBody queryResults subscriptionID queryName resultsBody eventList
            creationDate schemaVersion"""),
        ((None, True, False),
            "quantityList childQuantityList inputQuantityList outputQuantityList"),
        (("@id", False, False), "bizLocation readPoint transformationID epcClass parentID"),
        (("@id", True, False),
            "certificationInfo epcList childEPCs inputEPCList outputEPCList children member"),
        (("bizStep", False, False), "bizStep"),
        (("disposition", False, False), "disposition"),
        ((None, False, True), """
            sourceList destinationList persistentDisposition bizTransactionList sensorElementList
            errorDeclaration eventID baseURL"""),
    ]
    terms = {}
    for (coercion, is_set, structured), names in groups:
        for name in names.split():
            terms[name] = Term(EPCIS + name, coercion, is_set, structured=structured)
    terms["creationDate"].iri = "http://purl.org/dc/terms/created"
    terms["schemaVersion"].iri = "http://www.w3.org/2002/07/owl#versionInfo"
    terms["member"].iri = "http://www.w3.org/2000/01/rdf-schema#member"
    terms["eventID"].iri = terms["baseURL"].iri = None
    return terms


STANDARD_TERMS = standard_terms()


def one_namespace(text):
    """§10.3.3."""
    for alias in GS1_ALIASES:
        if text.startswith(alias):
            return GS1 + text[len(alias) :]
    return text
