//! The built `nguon`, run as people run it.

mod desk;

mod forming;
mod help;
mod verify;
