//! The API server seen from the plugin and from the agent's pod.

use crate::failure::Class;
use crate::report::{ApiServerCheck, Conclusion, Status, Vantage, VantagePoint};

/// Adds the plugin's own view to the agent's check, and makes one verdict of both: the worse one. `stale` means that the
/// agent's check is too old to compare.
pub fn compare(check: &mut ApiServerCheck, own: ApiServerCheck, stale: bool) {
    // A right that is missing here says nothing about the API server.
    if own.class.as_deref() == Some(Class::Forbidden.as_str()) {
        let missing = own.missing.unwrap_or_default();
        check
            .notes
            .push(format!("not seen from here: {missing} is missing"));
        return;
    }
    let agents = view(check);
    let conclusion = if stale {
        Conclusion::Unknown
    } else {
        conclusion(own.status, &agents)
    };
    let vantage = Vantage {
        own: view(&own),
        agent: agents,
        conclusion,
    };
    if check.status.worst(own.status) != check.status {
        let record = check.record.take();
        *check = ApiServerCheck {
            record,
            version: check.version.take().or(own.version),
            ..own
        };
    }
    check.vantage = Some(vantage);
}

fn conclusion(own: Status, agents: &VantagePoint) -> Conclusion {
    match (own, agents.status) {
        (Status::Ok, Status::Ok) => Conclusion::Well,
        (_, Status::Ok) => Conclusion::WayFromHere,
        (_, Status::Degraded) => Conclusion::ControlPlane,
        // A request that the agent may not send says nothing about the API server.
        (_, Status::Unknown) if !is_unreached(agents) => Conclusion::Unknown,
        (Status::Ok, Status::Unknown) => Conclusion::WayFromAgent,
        (_, Status::Unknown) => Conclusion::ControlPlane,
    }
}

fn is_unreached(view: &VantagePoint) -> bool {
    let class = view.class.as_deref().and_then(Class::from_word);
    class.is_none_or(Class::is_unreached)
}

fn view(check: &ApiServerCheck) -> VantagePoint {
    VantagePoint {
        status: check.status,
        latency_ms: check.latency_ms,
        class: check.class.clone(),
        error: check.error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: Status, class: Option<&str>) -> ApiServerCheck {
        ApiServerCheck {
            status,
            class: class.map(str::to_owned),
            side: class.map(|_| "a side".to_owned()),
            version: Some("v1".into()).filter(|_| status == Status::Ok),
            ..ApiServerCheck::default()
        }
    }

    #[test]
    fn a_right_that_is_missing_here_says_nothing_about_the_api_server() {
        let mut seen = check(Status::Ok, None);
        let own = ApiServerCheck {
            missing: Some("nonResourceURL /version get".into()),
            ..check(Status::Unknown, Some("forbidden"))
        };
        compare(&mut seen, own, false);
        assert_eq!((seen.status, seen.class, seen.vantage), (Status::Ok, None, None));
        assert_eq!(
            &*seen.notes,
            ["not seen from here: nonResourceURL /version get is missing"]
        );
    }

    #[test]
    fn two_views_show_where_the_trouble_is_and_the_worse_one_counts() {
        type Seen = (Status, Option<&'static str>);
        const OK: Seen = (Status::Ok, None);
        const SICK: Seen = (Status::Degraded, Some("unhealthy"));
        const AWAY: Seen = (Status::Unknown, Some("refused"));
        const STRANGER: Seen = (Status::Unknown, Some("unauthenticated"));
        let rows = [
            (OK, OK, false, Conclusion::Well, OK),
            (AWAY, OK, false, Conclusion::WayFromHere, AWAY),
            (STRANGER, OK, false, Conclusion::WayFromHere, STRANGER),
            (SICK, OK, false, Conclusion::WayFromHere, SICK),
            (OK, AWAY, false, Conclusion::WayFromAgent, AWAY),
            (OK, STRANGER, false, Conclusion::Unknown, STRANGER),
            (OK, SICK, false, Conclusion::ControlPlane, SICK),
            (AWAY, SICK, false, Conclusion::ControlPlane, SICK),
            (AWAY, AWAY, false, Conclusion::ControlPlane, AWAY),
            (AWAY, OK, true, Conclusion::Unknown, AWAY),
        ];
        for (own, agent, stale, conclusion, (status, class)) in rows {
            let mut seen = check(agent.0, agent.1);
            compare(&mut seen, check(own.0, own.1), stale);
            let vantage = seen.vantage.expect("both were asked");
            assert_eq!(
                (vantage.conclusion, vantage.own.status, vantage.agent.status),
                (conclusion, own.0, agent.0),
                "{own:?} {agent:?}"
            );
            assert_eq!(
                (seen.status, seen.class.as_deref()),
                (status, class),
                "{own:?} {agent:?}"
            );
        }
    }
}
