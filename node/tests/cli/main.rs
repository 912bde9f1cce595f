//! The built `nguon`, run as people run it.

mod desk;

mod demo;
mod epcis;
mod forming;
mod help;
mod run;
mod verify;
mod walk;
