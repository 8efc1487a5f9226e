"""Values reach what they are for, and impossible ones end with a sentence."""

import base64
import subprocess
import sys
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

CHART = Path(__file__).parent.parent
OPERATOR = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"api": {"replicas": -1}}, "/api/replicas"),
        ({"locust": {"worker": {"replicas": "two"}}}, "/locust/worker/replicas"),
        ({"unknown": 1}, "'unknown' not allowed"),
        ({"api": {"imgae": {}}}, "'imgae' not allowed"),
        ({"smtp": {"enabled": True}}, "set smtp.host"),
        ({"smtp": {"enabled": True, "host": "mail"}}, "set smtp.from and smtp.to"),
        ({"smtp": {"security": "ssl"}}, "/smtp/security"),
        ({"api": {"enabled": False}}, "Set target.url"),
        ({"mongodb": {"enabled": False}}, "set mongodb.url"),
        ({"target": {"url": "checkout:8080"}}, "/target/url"),
        ({"monitoring": {"serviceMonitors": {"scrapeTimeout": "10s"}}}, "is above interval"),
        ({"monitoring": {"serviceMonitors": {"enabled": "maybe"}}}, "/monitoring/serviceMonitors/enabled"),
        ({"locust": {"files": {"content": {"a.py": ""}, "existingConfigMap": "b"}}}, "not both"),
        ({"locust": {"files": {"content": {"a.py": ""}}}}, "has no locustfile.py (it has a.py)"),
        ({"locust": {"files": {"locustfile": "."}}}, "name the files"),
        ({"ab": {"currentImage": "api:2"}}, "ab needs two images"),
        (
            {
                "ab": {"baselineImage": "a", "currentImage": "b"},
                "api": {"enabled": False},
                "target": {"url": "http://shop"},
            },
            "set api.enabled=true",
        ),
        ({"mongodb": {"url": "mongodb://db/perf"}}, "set mongodb.enabled=false"),
        ({"run": {"users": 0}}, "/run/users"),
        ({"run": {"runTime": "2 minutes"}}, "/run/runTime"),
        ({"schedule": {"cron": "daily"}}, "/schedule/cron"),
        ({"locust": {"worker": {"replicas": -1}}}, "/locust/worker/replicas"),
        ({"api": {"service": {"port": 70000}}}, "/api/service/port"),
        ({"webhook": {"url": "hooks.example.com"}}, "/webhook/url"),
        ({"locust": {"env": {"SHOP": {"a": 1}}}}, "/locust/env/SHOP"),
        ({"locust": {"files": {"content": {"locustfile.py": ["a"]}}}}, "/locust/files/content/locustfile.py"),
        ({"runs": {"persistence": {"size": "two"}}}, "/runs/persistence/size"),
        ({"global": {"imagePullSecrets": [{"name": "pull"}]}}, "/global/imagePullSecrets/0"),
    ],
    ids=str,
)
def test_impossible_values_end_with_a_sentence(chart: Any, values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(helm_python.HelmError) as raised:
        chart.render(values)

    assert sentence in str(raised.value)


def test_a_parent_chart_may_set_global_and_enabled(chart: Any) -> None:
    assert chart.render({"global": {"anything": 1}, "enabled": True}).objects


def test_schema_and_readme_follow_from_the_values() -> None:
    program = CHART.parent.parent / "tools" / "chart_values.py"

    done = subprocess.run([sys.executable, program, "--check"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_existing_secrets_reach_the_pods_and_none_is_made(chart: Any) -> None:
    release = chart.render(
        {
            "web": {"existingSecret": "my-web"},
            "api": {"existingSecret": "my-api"},
            "mongodb": {"auth": {"existingSecret": "my-mongo"}},
            "smtp": {"enabled": True, "host": "mail", "from": "a@b", "to": "c@d", "existingSecret": "my-smtp"},
        }
    )

    assert release.all("Secret") == []
    assert _secrets(release.one("Deployment", "master")) == {"my-web", "my-smtp", "my-api"}
    assert _secrets(release.one("Deployment", "exporter")) == {"my-web"}
    assert _secrets(release.one("Deployment", "api")) == {"my-mongo", "my-api"}
    assert _secrets(release.one("StatefulSet", "mongodb")) == {"my-mongo"}


@pytest.mark.parametrize(
    ("mongodb", "url"),
    [
        ({}, "mongodb://perf:PASSWORD@rel-perf-platform-mongodb:27017/perf?authSource=admin"),
        (
            {"auth": {"username": "ann", "password": "a/b c"}, "database": "shop", "urlOptions": "maxPoolSize=1"},
            "mongodb://ann:a%2Fb%20c@rel-perf-platform-mongodb:27017/shop?maxPoolSize=1",
        ),
        ({"enabled": False, "url": "mongodb://db.example.com/perf"}, "mongodb://db.example.com/perf"),
    ],
    ids=["generated", "chosen", "external"],
)
def test_the_service_gets_the_url_of_its_database(chart: Any, mongodb: dict[str, Any], url: str) -> None:
    release = chart.render({"mongodb": mongodb})

    data = {
        name: base64.b64decode(value).decode() for name, value in release.one("Secret", "mongodb")["data"].items()
    }
    assert data["url"] == url.replace("PASSWORD", data["password"])
    assert len(release.all("StatefulSet")) == (0 if mongodb.get("enabled") is False else 1)


def test_an_own_service_needs_no_api_and_no_database(chart: Any) -> None:
    release = chart.render({"api": {"enabled": False}, "target": {"url": "http://shop:8080"}}, apis=OPERATOR)

    components = {each["metadata"]["labels"]["app.kubernetes.io/component"] for each in release.objects}
    assert components.isdisjoint({"api", "mongodb"})
    args = release.one("Deployment", "master")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args[args.index("--host") + 1] == "http://shop:8080"


@pytest.mark.parametrize(
    ("files", "argument"),
    [
        ({"content": {"locustfile.py": "", "shop.py": ""}}, "/locustfiles/locustfile.py"),
        (
            {"content": {"a.py": "", "b.py": "", "_c.py": "", "d.csv": ""}, "locustfile": "."},
            "/locustfiles/a.py,/locustfiles/b.py",
        ),
        ({"content": {"a.py": "", "b.py": ""}, "locustfile": "a.py,b.py"}, "/locustfiles/a.py,/locustfiles/b.py"),
        ({"existingConfigMap": "mine", "locustfile": "shop.py"}, "/locustfiles/shop.py"),
        ({"locustfile": "/data/shop.py"}, "/data/shop.py"),
        ({"locustfile": "baked.py"}, "/locustfiles/baked.py"),
    ],
    ids=str,
)
def test_a_locustfile_comes_from_values_a_configmap_a_volume_or_an_image(
    chart: Any, files: dict[str, Any], argument: str
) -> None:
    release = chart.render({"locust": {"files": files}})

    for component in ("master", "worker"):
        args = release.one("Deployment", component)["spec"]["template"]["spec"]["containers"][0]["args"]
        assert args[args.index("-f") + 1] == argument


def test_locustfiles_are_mounted_where_locust_looks(chart: Any) -> None:
    files = {"main.py": "import helper", "helper.py": "x = 1"}
    release = chart.render({"locust": {"files": {"content": files, "locustfile": "main.py"}}})

    assert release.one("ConfigMap", "locustfiles")["data"].keys() == files.keys()
    for component in ("master", "worker"):
        spec = release.one("Deployment", component)["spec"]["template"]["spec"]
        args = spec["containers"][0]["args"]
        assert args[args.index("-f") + 1] == "/locustfiles/main.py"
        assert {"name": "locustfiles", "mountPath": "/locustfiles", "readOnly": True} in spec["containers"][0][
            "volumeMounts"
        ]


def test_without_the_operator_nothing_of_it_is_rendered_and_the_notes_say_what_to_install(chart: Any) -> None:
    release = chart.render()

    assert release.all("ServiceMonitor") == release.all("PrometheusRule") == []
    assert "helm install monitoring prometheus-community/kube-prometheus-stack" in release.notes


def test_the_mail_settings_reach_the_master(chart: Any) -> None:
    smtp = {"enabled": True, "host": "mail", "port": 25, "from": "a@b", "to": "c@d,e@f", "security": "none"}
    release = chart.render({"smtp": smtp | {"user": "u", "password": "p"}})

    container = release.one("Deployment", "master")["spec"]["template"]["spec"]["containers"][0]
    env = {each["name"]: each.get("value") for each in container["env"]}
    assert env["PERF_SMTP_HOST"] == "mail"
    assert env["PERF_SMTP_PORT"] == "25"
    assert env["PERF_SMTP_TO"] == "c@d,e@f"
    assert "PERF_SMTP_PASSWORD" in env
    assert release.one("Secret", "smtp")["data"] == {"user": "dQ==", "password": "cA=="}


def test_a_mail_server_without_a_login_keeps_its_empty_keys_over_an_upgrade(chart: Any) -> None:
    smtp = {"enabled": True, "host": "mail", "port": 25, "from": "a@b", "to": "c@d", "security": "none"}

    data = chart.render({"smtp": smtp}).one("Secret", "smtp")["data"]

    assert data == {"user": "", "password": ""}, (
        "null would take the keys away on upgrade, and the pod waits for them"
    )


def test_examples_are_there_for_kind_and_minikube() -> None:
    names = {path.name for path in (CHART / "ci").glob("*.yaml")}

    assert {"kind-values.yaml", "minikube-values.yaml", "default-values.yaml", "own-service-values.yaml"} <= names
    for path in (CHART / "ci").glob("*.yaml"):
        assert isinstance(yaml.safe_load(path.read_text()) or {}, dict)


def _secrets(owner: dict[str, Any]) -> set[str]:
    spec = owner["spec"]["template"]["spec"]
    return {
        each["valueFrom"]["secretKeyRef"]["name"]
        for container in spec["containers"] + spec.get("initContainers", [])
        for each in container["env"]
        if "valueFrom" in each
    }
