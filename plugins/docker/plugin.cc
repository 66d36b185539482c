#include "plugins/docker/docker_plugin.h"

CAPSTAN_PLUGIN(capstan::docker::DockerPlugin)
