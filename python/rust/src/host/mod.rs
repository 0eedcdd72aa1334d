//! The engine and its routes inside a Python process: one runtime per opened engine, calls that wait
//! with the GIL released or become asyncio futures, and the application's hooks.

mod bridge;
mod call;
mod clock;
mod config;
mod core;
mod failure;
mod hooks;
mod limits;
mod logs;
mod notices;
mod open;
mod principal;
mod routes;
mod work;

pub(crate) use self::{
    bridge::settle, clock::TestClock, config::Config, core::Core, limits::Rates,
    principal::Principal, routes::Routes,
};
