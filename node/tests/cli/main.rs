//! The built `nguon`, run as people run it.

mod desk;

mod demo;
mod epcis;
mod epcis_convert;
mod epcis_validate;
mod forming;
mod gs1;
mod help;
mod run;
mod token;
mod verify;
mod walk;
