//! The program as its users have it: started, killed, started again.

mod look;
mod refuse;
mod resume;
mod retry;
mod run;
mod signal;
mod yard;
