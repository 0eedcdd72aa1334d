//! Whether the time that a refused log-in takes tells who has an account.

use std::time::{Duration, Instant};

use crate::{
    probe::{Api, Choices, PASSWORD, percentile, place, seed, serve},
    server::{Place, Server},
};

const EACH: usize = 1_000;

/// The cost that servers have when nobody sets one.
fn costly() -> Place {
    place()
        .with_env("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "19456")
        .with_env("COUNTERSIGN_PASSWORDS_ITERATIONS", "2")
}

/// The chance that one of `left` took longer than one of `right` (Mann-Whitney): a half, when
/// nothing tells them apart.
fn chance(left: &[Duration], right: &[Duration]) -> f64 {
    let wins = |one: &Duration| {
        let higher = right.iter().filter(|other| one > *other).count();
        let equal = right.iter().filter(|other| one == *other).count();
        count(higher) + count(equal) / 2.0
    };
    left.iter().map(wins).sum::<f64>() / (count(left.len()) * count(right.len()))
}

fn count(many: usize) -> f64 {
    f64::from(u32::try_from(many).unwrap())
}

async fn verifications(server: &Server) -> u64 {
    let text = reqwest::get(server.url("/metrics")).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with(VERIFICATIONS)).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

const VERIFICATIONS: &str = "countersign_password_verifications_total ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time: `make faults` runs it"]
async fn h02_time_does_not_tell_who_has_an_account() {
    let server = serve(costly());
    let api = Api::of(&server);
    prepare(&server, &api).await;
    let before = verifications(&server).await;
    let names = ["ada", "nobody", "disabled"];
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut choices = Choices::new(seed("COUNTERSIGN_TIMING_SEED"));
    for _ in 0..EACH {
        // In another order each time, so that whatever the machine does concerns all alike.
        let first = choices.below(3);
        for which in [first, (first + 1) % 3, (first + 2) % 3] {
            let asked = Instant::now();
            let answer = api.login(names[which], "not the password").await.unwrap();
            times[which].push(asked.elapsed());
            assert_eq!((answer.status, answer.error()), (401, "invalid_credentials"));
        }
    }
    let ran = verifications(&server).await - before;
    assert_eq!(ran, 3 * EACH as u64, "each refusal has run a hash");
    let [known, unknown, disabled] = &mut times;
    for (name, other) in [("unknown", unknown), ("disabled", disabled)] {
        let chance = chance(known, other);
        let medians = [percentile(known, 50), percentile(other, 50)].map(|time| time.as_secs_f64());
        let apart = (medians[0] / medians[1] - 1.0).abs();
        eprintln!(
            "wrong password and {name}: AUC {chance:.4}, medians {medians:?} s, {apart:.4} apart"
        );
        assert!((0.45..=0.55).contains(&chance), "time tells: {chance}");
        assert!(apart < 0.02, "medians are {apart} apart");
    }
}

async fn prepare(server: &Server, api: &Api) {
    for name in ["ada", "disabled"] {
        assert_eq!(api.register(name, PASSWORD).await.unwrap().status, 201);
    }
    server.dir.admin(&["users", "disable", "disabled"], "");
    for name in ["ada", "nobody", "disabled"] {
        for _ in 0..20 {
            api.login(name, "not the password").await.unwrap();
        }
    }
}
